//! The look at what is configured: one step for each kind of credentials, in order.

use std::sync::Arc;

use super::link::{Link, Outcome};
use super::{Chain, Choice};
use crate::endpoint::Endpoints;
use crate::principals::config_file::{Kind, Profile, Selection};
use crate::principals::exchange::{self, Settings, SubjectToken};
use crate::principals::{api_key, config_file, delegation, instance, oke, resource, session};
use crate::{Effects, Error, Provider};

const RESOURCE: &str = "OCI_RESOURCE_PRINCIPAL_VERSION";
/// Without a version these are half a resource principal.
const CREDENTIALS: [&str; 2] = ["OCI_RESOURCE_PRINCIPAL_RPST", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"];
/// Set by nobody who does not mean an exchange.
const SUBJECTS: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", "CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN"];
/// Keys of a profile that say who somebody means to be.
const IDENTITY: [&str; 6] = ["user", "tenancy", "fingerprint", "key_content", "key_file", "delegation_token_file"];
/// Switch: the metadata service may be asked whether it is there.
const IMDS: &str = "CAUSEWAY_OCI_IMDS";

/// What a step finds: a provider, or why there is none.
type Step = Result<Result<Arc<dyn Provider>, String>, Error>;

/// The steps of [`Choice::Auto`] in order.
const STEPS: [&str; 5] = ["resource_principal", "token_exchange", "api_key", "config_file", "instance_principal"];

impl Chain {
    /// The provider, and a line for each kind that was looked at.
    pub(super) async fn look(&self) -> (Result<Arc<dyn Provider>, Error>, Vec<Link>) {
        match self.choice {
            Choice::Auto => self.look_at_all().await,
            choice => {
                let found = self.wanted(choice);
                let outcome =
                    found.as_ref().map_or_else(|error| Outcome::Failed(error.to_string()), |_| Outcome::Chosen);
                (found, vec![Link::new(choice.name(), outcome)])
            }
        }
    }

    async fn look_at_all(&self) -> (Result<Arc<dyn Provider>, Error>, Vec<Link>) {
        let mut links = Vec::new();
        for (done, name) in STEPS.into_iter().enumerate() {
            let (found, outcome) = match self.step(name).await {
                Ok(Ok(provider)) => (Ok(provider), Outcome::Chosen),
                Err(error) => (Err(error.clone()), Outcome::Failed(error.to_string())),
                Ok(Err(reason)) => {
                    links.push(Link::new(name, Outcome::NotConfigured(reason)));
                    continue;
                }
            };
            links.push(Link::new(name, outcome));
            links.extend(STEPS[done + 1..].iter().map(|name| Link::new(name, Outcome::NotReached)));
            return (found, links);
        }
        let reasons = links.iter().filter_map(|link| match &link.outcome {
            Outcome::NotConfigured(reason) => Some(format!("{}: {reason}", link.provider)),
            _ => None,
        });
        let error = Error::NoProvider(reasons.collect::<Vec<_>>().join("; "));
        (Err(error), links)
    }

    async fn step(&self, name: &str) -> Step {
        let effects = &self.effects;
        match name {
            "resource_principal" => resource_principal(effects, || self.endpoints()),
            "token_exchange" => token_exchange(effects, self.subject.clone()),
            "api_key" => api_key_of_variables(effects),
            "config_file" => self.profile(),
            _ => self.this_machine().await,
        }
    }

    fn endpoints(&self) -> Result<Endpoints, Error> {
        self.endpoints.clone().map_or_else(|| Endpoints::new(self.effects.clone()), Ok)
    }

    fn instance(&self) -> Result<Arc<dyn Provider>, Error> {
        instance::with_settings(&self.effects, self.endpoints()?, instance::Settings::default())
    }

    fn profile(&self) -> Step {
        let selection = Selection::from_environment(&self.effects)?;
        // A profile that is named without a file is an error that names the file.
        if selection.profile.is_some() || selection.is_there(&self.effects)? {
            return self.of_file(&selection).map(Ok);
        }
        without_file(&self.effects)
    }

    fn of_file(&self, selection: &Selection) -> Result<Arc<dyn Provider>, Error> {
        let profile = Profile::overridden(&self.effects, selection)?;
        match Kind::of(&profile)? {
            Kind::Delegation => delegation::of_profile(&self.effects, &profile, self.endpoints()?),
            _ => config_file::provider(&self.effects, selection),
        }
    }

    async fn this_machine(&self) -> Step {
        let may_ask = self.effects.text(IMDS)?.unwrap_or_default();
        match may_ask.trim().to_ascii_lowercase().as_str() {
            "true" if instance::is_there(&self.effects).await => self.instance().map(Ok),
            "true" => Ok(Err("this machine has no metadata service".to_owned())),
            "" | "false" => Ok(Err(format!("{IMDS} is not true, so the metadata service was not asked"))),
            _ => Err(Error::BadVariable { name: IMDS.to_owned(), reason: "neither true nor false".to_owned() }),
        }
    }

    /// The provider of a choice that somebody made: it is there, or it is an error.
    fn wanted(&self, choice: Choice) -> Result<Arc<dyn Provider>, Error> {
        let effects = &self.effects;
        let selection = || Selection::from_environment(effects);
        match choice {
            Choice::ResourcePrincipal => resource::with_endpoints(effects, &self.endpoints()?),
            Choice::InstancePrincipal => self.instance(),
            Choice::Oke => oke::from_environment(effects),
            Choice::TokenExchange => exchanged(effects, self.subject.clone()),
            Choice::ConfigFile => self.of_file(&selection()?),
            Choice::ApiKey => {
                or_file(api_key::from_variables(effects), || Ok(api_key::from_file(effects, selection()?)))
            }
            Choice::SecurityToken => {
                or_file(session::from_variables(effects), || Ok(session::from_file(effects, selection()?)))
            }
            Choice::Delegation => {
                let of =
                    |profile: Result<Profile, Error>| delegation::of_profile(effects, &profile?, self.endpoints()?);
                or_file(of(Profile::from_variables(effects)), || of(Profile::overridden(effects, &selection()?)))
            }
            Choice::Auto | Choice::None => {
                Err(Error::NoProvider("they are switched off by CAUSEWAY_OCI_AUTH".to_owned()))
            }
        }
    }
}

fn not_set(name: &str) -> String {
    format!("{name} is not set")
}

/// The platform's word counts: when one of its variables is set and the rest does not work, nothing else is tried.
fn resource_principal(effects: &Effects, endpoints: impl FnOnce() -> Result<Endpoints, Error>) -> Step {
    if is_set(effects, RESOURCE)? {
        return resource::with_endpoints(effects, &endpoints()?).map(Ok);
    }
    for name in CREDENTIALS {
        if is_set(effects, name)? {
            return Err(Error::MissingVariable(RESOURCE.to_owned()));
        }
    }
    Ok(Err(not_set(RESOURCE)))
}

fn is_set(effects: &Effects, name: &str) -> Result<bool, Error> {
    Ok(effects.text(name)?.is_some_and(|value| !value.is_empty()))
}

fn token_exchange(effects: &Effects, subject: Option<Arc<dyn SubjectToken>>) -> Step {
    // Whoever gives subject tokens means an exchange.
    let mut is_meant = subject.is_some() || Settings::is_named(effects)?;
    for name in SUBJECTS {
        is_meant |= is_set(effects, name)?;
    }
    match is_meant {
        true => exchanged(effects, subject).map(Ok),
        false => Ok(Err(not_set(Settings::variable()))),
    }
}

fn exchanged(effects: &Effects, subject: Option<Arc<dyn SubjectToken>>) -> Result<Arc<dyn Provider>, Error> {
    match subject {
        Some(subject) => exchange::with_settings(effects, Settings::from_environment(effects)?, subject),
        None => exchange::from_environment(effects),
    }
}

/// Some of the variables alone are no API key: they may be meant to override the profile of a file.
fn api_key_of_variables(effects: &Effects) -> Step {
    match api_key::from_variables(effects) {
        Err(Error::MissingVariable(names)) => Ok(Err(not_set(&names))),
        other => other.map(Ok),
    }
}

/// Without a file there is nothing that these variables could override: they are the identity, or half of one.
fn without_file(effects: &Effects) -> Step {
    let variables = Profile::from_variables(effects)?;
    let has = |key: &str| variables.get(key).is_some();
    if has("security_token_file") && !has("user") {
        return session::from_variables(effects).map(Ok);
    }
    match IDENTITY.into_iter().any(has) {
        true => api_key::from_variables(effects).map(Ok),
        false => Ok(Err("there is no file ~/.oci/config, and OCI_CONFIG_FILE is not set".to_owned())),
    }
}

/// What the variables describe; the profile of the file when they do not describe all of it.
fn or_file(
    variables: Result<Arc<dyn Provider>, Error>,
    file: impl FnOnce() -> Result<Arc<dyn Provider>, Error>,
) -> Result<Arc<dyn Provider>, Error> {
    match variables {
        Err(Error::MissingVariable(_)) => file(),
        other => other,
    }
}
