//! What operators order circuit breakers to do.

use std::time::Duration;

use causeway_cloud::breaker::{Breakers, Dependency, NewOrder, OrderError};
use causeway_resilience::Deadline;
use causeway_runtime::{Error, until};
use jiff::SignedDuration;

use crate::breaker::{BreakerReport, BreakerStanding, OrderMode};
use crate::handler::HealthChecker;
use crate::reply::BreakersReply;
use crate::request::{Action, Request};
use crate::settings::Settings;
use crate::tick::quarter;

/// Names that an error lists.
const MOST_NAMED: usize = 10;

/// A request that makes sense.
struct Wish<'a> {
    name: &'a str,
    author: &'a str,
    /// None takes an order back.
    order: Option<(OrderMode, Duration)>,
    reason: Option<&'a str>,
}

impl HealthChecker {
    /// Lists breakers, or gives or takes back an order. Settings that cannot be read are those of before, or else the
    /// usual ones: an order is for the hour in which much is out.
    ///
    /// # Errors
    /// A client error for what makes no sense, no such breaker, or several; else those of the state.
    pub(crate) async fn operate(&self, request: &Request, deadline: Deadline) -> Result<BreakersReply, Error> {
        let wish = Wish::of(request)?;
        let (settings, note) = self.settings_at_hand(deadline).await;
        let seen = self.breakers(&settings, false, deadline).await;
        let asked = Asked::of(request)?;
        let found: Vec<BreakerReport> = seen.reports.into_iter().filter(|one| asked.fits(one)).collect();
        let Some(wish) = wish else {
            let problems: Vec<String> = note.into_iter().chain(seen.problems).chain(unreadable(&found)).collect();
            return Ok(BreakersReply { breakers: found, changed: false, partial: !problems.is_empty(), problems });
        };
        // Among what could not be looked at there may be another of that name.
        if asked.folder.is_none() && !seen.problems.is_empty() {
            let text = format!("{}; with --folder (`folder`) no other folder has to be read", seen.problems.join("; "));
            return Err(Error::client(409, "breakers_unreadable", text).at("folder"));
        }
        let target = asked.one(&wish, found)?;
        let mut reply = self.give(&settings, &wish, &target, deadline).await?;
        reply.problems.extend(note);
        reply.partial = !reply.problems.is_empty();
        Ok(reply)
    }

    /// The settings, and what holds in their place where they cannot be read.
    async fn settings_at_hand(&self, deadline: Deadline) -> (Settings, Option<String>) {
        let read = until(quarter(deadline), self.settings()).await;
        let why = match read {
            Some(Ok(settings)) => return (settings, None),
            Some(Err(error)) => error.log_text(),
            None => "there was no answer in time".to_owned(),
        };
        let (settings, which) = match self.alone.settings() {
            Some(settings) => (settings, "those of before"),
            None => (Settings::default(), "the usual folders and rules of circuit breakers"),
        };
        (settings, Some(format!("the settings cannot be read, {which} hold: {why}")))
    }

    async fn give(
        &self,
        settings: &Settings,
        wish: &Wish<'_>,
        (folder, dependency): &(String, Dependency),
        deadline: Deadline,
    ) -> Result<BreakersReply, Error> {
        let folder = settings.breakers.iter().find(|known| known.folder == *folder);
        let folder = folder.ok_or_else(|| Error::internal("breaker_folder", "the folder is not in the settings"))?;
        let (breakers, config) = self.breakers_of(folder).map_err(|why| Error::internal("breaker_folder", why))?;
        carried_out(&breakers, dependency, wish, deadline).await.map_err(|error| refused(&error))?;
        let view = breakers.see(dependency, deadline).await;
        let after = view.map(|view| BreakerReport::of(&folder.folder, &view, config.half_open.permits));
        // It is done; what it looks like now is another question.
        let problems = match &after {
            Some(_) => Vec::new(),
            None => vec!["the breaker could not be read again".to_owned()],
        };
        let partial = !problems.is_empty();
        Ok(BreakersReply { breakers: after.into_iter().collect(), changed: true, partial, problems })
    }
}

impl<'a> Wish<'a> {
    /// `None` where nothing has to change.
    fn of(request: &'a Request) -> Result<Option<Self>, Error> {
        let action = request.action.unwrap_or(Action::List);
        let mode = match action {
            Action::List => return nothing_more(request).map(|()| None),
            Action::ForceOpen => Some(OrderMode::ForcedOpen),
            Action::ForceClosed => Some(OrderMode::ForcedClosed),
            Action::Disable => Some(OrderMode::Disabled),
            Action::MetricsOnly => Some(OrderMode::MetricsOnly),
            Action::Clear => None,
        };
        let name = required(request.name.as_deref(), "name", "the dependency")?;
        let author = required(request.author.as_deref(), "author", "who orders it")?;
        let order = match mode {
            None if request.expires.is_some() => {
                return Err(Error::invalid_request("an order that is taken back does not expire").at("expires"));
            }
            None => None,
            Some(mode) => {
                let lasts = required(request.expires.as_deref(), "expires", "for how long, such as 2h")?;
                Some((mode, lasting(lasts)?))
            }
        };
        Ok(Some(Self { name, author, order, reason: request.reason.as_deref() }))
    }
}

fn nothing_more(request: &Request) -> Result<(), Error> {
    match [("author", &request.author), ("expires", &request.expires), ("reason", &request.reason)]
        .into_iter()
        .find(|(_, given)| given.is_some())
    {
        Some((name, _)) => Err(Error::invalid_request("a list needs none").at(name)),
        None => Ok(()),
    }
}

fn required<'a>(given: Option<&'a str>, name: &'static str, what: &str) -> Result<&'a str, Error> {
    let given = given.map(str::trim).filter(|given| !given.is_empty());
    given.ok_or_else(|| Error::invalid_request(format!("{name} is needed: {what}")).at(name))
}

/// Such as `2h`, `1h 30m` or `PT2H`.
fn lasting(text: &str) -> Result<Duration, Error> {
    let wrong = || Error::invalid_request("expires is no time such as 2h, 90m or 1d").at("expires");
    // A day is 24 hours here: an order has no calendar.
    let days = text.trim().strip_suffix('d').and_then(|days| days.trim().parse::<u16>().ok());
    let lasts = match days {
        Some(days) => SignedDuration::from_hours(24 * i64::from(days)),
        None => text.trim().parse::<SignedDuration>().map_err(|_| wrong())?,
    };
    Duration::try_from(lasts).ok().filter(|lasts| !lasts.is_zero()).ok_or_else(wrong)
}

/// Which breakers a request is about.
struct Asked<'a> {
    /// Whose it is counts only where a tenant is given.
    named: Option<Dependency>,
    tenant: Option<&'a str>,
    folder: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(request: &'a Request) -> Result<Self, Error> {
        let [name, tenant, folder] =
            [&request.name, &request.tenant, &request.folder].map(|given| given.as_deref().map(str::trim));
        let named = name.map(|name| Dependency::new(name, tenant.unwrap_or_default())).transpose();
        let named = named.map_err(|invalid| Error::invalid_request(invalid.to_string()).at("name"))?;
        Ok(Self { named, tenant, folder })
    }

    /// One that cannot be read fits where it may be meant.
    fn fits(&self, report: &BreakerReport) -> bool {
        let is_unknown = report.standing == BreakerStanding::Unknown;
        let is_named = |named: &Dependency| match (is_unknown, self.tenant) {
            (true, Some(_)) => named.has_key(&report.name),
            (true, None) => named.may_share_name(&report.name),
            (false, _) => named.name() == report.name,
        };
        let is_whose = is_unknown || self.tenant.is_none_or(|tenant| tenant == report.tenant);
        is_whose && self.named.as_ref().is_none_or(is_named) && self.folder.is_none_or(|folder| folder == report.folder)
    }

    /// The one that is meant, and its folder. A document that cannot be read begins anew with the order, where its key
    /// tells for sure whose it is.
    fn one(&self, wish: &Wish<'_>, found: Vec<BreakerReport>) -> Result<(String, Dependency), Error> {
        let is_sure = |report: &BreakerReport| {
            report.standing != BreakerStanding::Unknown
                || self.named.as_ref().is_some_and(|named| named.has_key(&report.name))
        };
        let (sure, unsure): (Vec<_>, Vec<_>) = found.into_iter().partition(is_sure);
        if !unsure.is_empty() {
            let text = format!("{}; tenant or folder has to say which is meant", unreadable(&unsure).join("; "));
            return Err(Error::client(409, "breakers_unreadable", text).at("tenant"));
        }
        match sure.as_slice() {
            [one] if one.standing == BreakerStanding::Unknown => {
                self.named.clone().ok_or("there is no name".to_owned())
            }
            [one] => Dependency::new(&one.name, &one.tenant).map_err(|invalid| invalid.to_string()),
            [] => {
                let text = format!("there is no circuit breaker of {:?}; one begins with the first call", wish.name);
                return Err(Error::client(404, "no_such_breaker", text).at("name"));
            }
            several => {
                let names = several.iter().take(MOST_NAMED).map(|one| format!("{} in {}", one.title(), one.folder));
                let names = names.collect::<Vec<_>>().join(", ");
                let text = format!("tenant or folder has to say which: {names}");
                return Err(Error::client(409, "several_breakers", text).at("name"));
            }
        }
        .map(|dependency| (sure[0].folder.clone(), dependency))
        .map_err(|why| Error::internal("breaker_name", why))
    }
}

/// What could not be read among these.
fn unreadable(reports: &[BreakerReport]) -> Vec<String> {
    let unknown = reports.iter().filter(|report| report.standing == BreakerStanding::Unknown).take(MOST_NAMED);
    let text = |report: &BreakerReport| {
        let why = report.why.as_deref().unwrap_or_default();
        format!("{} in {} cannot be read: {why}", report.name, report.folder)
    };
    unknown.map(text).collect()
}

async fn carried_out(
    breakers: &Breakers,
    dependency: &Dependency,
    wish: &Wish<'_>,
    deadline: Deadline,
) -> Result<(), OrderError> {
    match wish.order {
        Some((mode, lasts)) => {
            let order = NewOrder { mode: mode.into(), author: wish.author, reason: wish.reason, lasts };
            breakers.order(dependency, order, deadline).await
        }
        None => breakers.release(dependency, wish.author, deadline).await,
    }
    .map(drop)
}

fn refused(error: &OrderError) -> Error {
    match error {
        OrderError::Invalid(invalid) => Error::invalid_request(invalid.to_string()),
        OrderError::Busy => Error::client(409, "breaker_busy", error.to_string()),
        OrderError::Away(_) => Error::upstream("state", None, "breaker_store_away").with_detail(error.to_string()),
        OrderError::NotShared => Error::internal("breakers_not_shared", error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(lasting(text).ok().map(|lasts| lasts.as_secs()), seconds, "{text}");
        };
        check("2h", Some(7_200));
        check("90m", Some(5_400));
        check("1h 30m", Some(5_400));
        check("PT2H", Some(7_200));
        check("1d", Some(86_400));
        check(" 30 s ", Some(30));
        for wrong in ["", "2", "-2h", "0s", "h", "soon", "99999999999999999999h", "4294967295d"] {
            check(wrong, None);
        }
    }

    #[test]
    fn an_order_needs_a_name_an_author_and_an_end() {
        let check = |text: &str, wrong: Option<&str>| {
            let request: Request = serde_json::from_str(text).unwrap();
            let found = Wish::of(&request).err().map(|error| error.path().unwrap_or_default().to_owned());
            assert_eq!(found.as_deref(), wrong, "{text}");
        };
        let order = |rest: &str| format!(r#"{{"kind":"breaker","action":"force_open"{rest}}}"#);
        check(&order(r#","name":"a","author":"oncall","expires":"2h""#), None);
        check(&order(r#","name":"a","author":"oncall""#), Some("expires"));
        check(&order(r#","name":"a","expires":"2h""#), Some("author"));
        check(&order(r#","name":"a","author":" ","expires":"2h""#), Some("author"));
        check(&order(r#","author":"oncall","expires":"2h""#), Some("name"));
        check(r#"{"kind":"breaker","action":"clear","name":"a","author":"oncall"}"#, None);
        check(r#"{"kind":"breaker","action":"clear","name":"a","author":"oncall","expires":"1h"}"#, Some("expires"));
        check(r#"{"kind":"breaker","action":"list"}"#, None);
        check(r#"{"kind":"breaker","author":"oncall"}"#, Some("author"));
    }
}
