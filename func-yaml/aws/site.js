// The settings of a site, from the file that CAUSEWAY_SITE names: what would keep a function from starting, or would be
// used by none, is refused while it is packaged. The rules are those of Oracle's side (func-yaml/setup/settings.py).
"use strict";

const { readFileSync } = require("fs");
const { join } = require("path");

// Beside the settings of all functions: what the libraries in them read by themselves.
const LIBRARIES = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "SSL_CERT_FILE"];
const SECRET = /(_KEY|_SECRET|_TOKEN|_PASSWORD)$/;
const NAMES_SECRET = /^(secret:|\{\{resolve:secretsmanager:)/;

module.exports = async ({ resolveVariable }) => {
  const file = process.env.CAUSEWAY_SITE || "func-yaml/aws/site.yml";
  const site = (await resolveVariable(`file(${file})`)) || {};
  const functions = await resolveVariable("self:functions");
  const kinds = shared();
  const wrong = Object.entries(site).flatMap(([place, settings]) => {
    if (place !== "application" && !functions[place]) return [`${place} is no function`];
    const own = Object.keys(functions[place]?.environment || {});
    return Object.entries(settings || {}).flatMap(([name, value]) => finding(place, name, value, own, kinds));
  });
  if (wrong.length) throw new Error(`${file}: ${wrong.join("; ")}`);
  return site;
};

// Never the value: it may be a secret.
function finding(place, name, value, own, kinds) {
  const kind = kindOf(name, kinds);
  if (!own.includes(name) && !kind && !LIBRARIES.includes(name)) {
    return [`${place} has no setting ${name}, nor is it one of all functions in .github/SETTINGS.md`];
  }
  if (typeof value !== "string") return [`${name} of ${place} is no text: put it in quotes`];
  const isSecret = SECRET.test(name) || kind === "secret";
  if (isSecret && value && !NAMES_SECRET.test(value)) return [`${name} of ${place} must name a secret, not be it`];
  return [];
}

// Settings that all functions have, with their kinds. A `*` at the end stands for any ending.
function shared() {
  const page = readFileSync(join(__dirname, "../../.github/SETTINGS.md"), "utf8");
  const rows = [...page.matchAll(/^\| ([A-Z][A-Z0-9_]*(?:\\\*)?) \| (\w+) \|/gm)];
  if (!rows.length) throw new Error(".github/SETTINGS.md has no table of settings");
  return new Map(rows.map(([, name, kind]) => [name.replace("\\*", "*"), kind]));
}

function kindOf(name, kinds) {
  const open = [...kinds].find(([known]) => known.endsWith("*") && name.startsWith(known.slice(0, -1)));
  return kinds.get(name) || open?.[1];
}
