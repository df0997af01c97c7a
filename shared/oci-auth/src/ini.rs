//! OCI configuration files: INI as Python's `configparser` reads it with interpolation off, which is what
//! Oracle's SDK and command line do.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use zeroize::Zeroizing;

/// The section whose values every other one inherits.
const DEFAULT: &str = "DEFAULT";

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct IniError {
    /// 1-based number of the line.
    pub line: usize,
    /// Why; names sections and keys, never a value.
    pub reason: String,
}

type Values = BTreeMap<String, Zeroizing<String>>;

/// A configuration file. `Debug` shows the names of its profiles alone.
#[derive(Clone, Default)]
pub struct Ini {
    sections: BTreeMap<String, Values>,
}

/// The values of one profile, those of `DEFAULT` included. `Debug` shows their keys alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile(Values);

impl Profile {
    /// The value of a key; keys are in lower case.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.as_str())
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Profile")?;
        formatter.debug_list().entries(self.keys()).finish()
    }
}

impl Ini {
    /// The profile with what it inherits from `DEFAULT`; `None` when the file has no such section.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<Profile> {
        let own = self.sections.get(name)?;
        let mut values = self.sections.get(DEFAULT).cloned().unwrap_or_default();
        values.extend(own.clone());
        Some(Profile(values))
    }

    /// Whether the section has the key itself, and not only by inheritance.
    pub(crate) fn is_own(&self, name: &str, key: &str) -> bool {
        self.sections.get(name).is_some_and(|section| section.contains_key(key))
    }

    /// The names of the profiles, sorted.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }
}

impl fmt::Debug for Ini {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Ini")?;
        formatter.debug_list().entries(self.profiles()).finish()
    }
}

/// Reads a configuration file.
///
/// `=` or `:` ends a key, whichever comes first; keys are folded to lower case; lines that start with `#` or `;`
/// are comments, and nothing else is; a line that is indented deeper than a key continues its value. A section
/// (other than `DEFAULT`) or a key of a section that occurs twice is an error, as it is in Python.
///
/// # Errors
/// [`IniError`] with the first line that cannot be read.
pub fn parse(text: &str) -> Result<Ini, IniError> {
    let text = Zeroizing::new(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"));
    let mut reader = Reader::default();
    for (index, line) in text.split(['\n', '\r']).enumerate() {
        reader.line(line).map_err(|reason| IniError { line: index + 1, reason })?;
    }
    Ok(Ini { sections: reader.sections })
}

#[derive(Default)]
struct Reader {
    sections: BTreeMap<String, Values>,
    section: Option<String>,
    /// The key whose value the next line may continue.
    key: Option<String>,
    /// Indentation of the last line that was no continuation, in characters.
    indent: usize,
    /// Blank lines below the value; they belong to it when it is continued after them.
    blank: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let content = line.trim();
        let indent = line.chars().take_while(|character| character.is_whitespace()).count();
        match content.chars().next() {
            None => self.blank += 1,
            Some('#' | ';') => {}
            Some(_) if indent > self.indent && self.key.is_some() => self.continuation(content),
            Some(_) => {
                self.indent = indent;
                return self.header_or_pair(content);
            }
        }
        Ok(())
    }

    fn header_or_pair(&mut self, content: &str) -> Result<(), String> {
        match header(content) {
            Some(name) => self.header(name),
            None => self.pair(content),
        }
    }

    fn header(&mut self, name: &str) -> Result<(), String> {
        if name != DEFAULT && self.sections.contains_key(name) {
            return Err(format!("section [{name}] for the second time"));
        }
        self.sections.entry(name.to_owned()).or_default();
        self.section = Some(name.to_owned());
        self.key = None;
        Ok(())
    }

    fn pair(&mut self, content: &str) -> Result<(), String> {
        let (key, value) = content.split_once(['=', ':']).ok_or("neither `key = value` nor `[section]`")?;
        let key = key.trim_end().to_lowercase();
        let section = self.section.as_ref().ok_or("a value before the first `[section]`")?;
        match self.sections.entry(section.clone()).or_default().entry(key.clone()) {
            _ if key.is_empty() => return Err("a value without a key".to_owned()),
            Entry::Occupied(_) => return Err(format!("key {key} for the second time in section [{section}]")),
            Entry::Vacant(free) => free.insert(Zeroizing::new(value.trim_start().to_owned())),
        };
        self.key = Some(key);
        self.blank = 0;
        Ok(())
    }

    fn continuation(&mut self, content: &str) {
        let section = self.section.as_ref().and_then(|section| self.sections.get_mut(section));
        let value = section.zip(self.key.as_ref()).and_then(|(section, key)| section.get_mut(key));
        if let Some(value) = value {
            let mut longer = Zeroizing::new(String::with_capacity(value.len() + self.blank + 1 + content.len()));
            longer.extend([value.as_str(), &"\n".repeat(self.blank + 1), content]);
            *value = longer;
        }
        self.blank = 0;
    }
}

/// All up to the last bracket, as Python takes it.
fn header(content: &str) -> Option<&str> {
    let (name, _) = content.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}
