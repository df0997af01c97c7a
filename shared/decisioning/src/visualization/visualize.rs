//! The whole job: takes the results, makes the files, stores them and says what was made.

use causeway_cloud::Objects;
use serde_json::json;

use super::Answer;
use super::data::{AutoRefresh, Confidence, Coverage, Data, NotShown};
use super::render::{Dashboard, Options, PAGE, SCHEMA_VERSION, render};
use super::request::Request;
use super::store::{self, VisualizeError, folder};
use crate::budget::{Budget, Clock};
use crate::result::{Findings, Status};

/// Name of the agent in its envelope.
pub const AGENT: &str = "visualization";

/// Makes the dashboard of a run and stores it, unless the request is a dry run.
///
/// A second call with the same run id and the same results writes nothing and gives the same `data`, but for the
/// state of the files.
///
/// # Errors
///
/// [`VisualizeError`] when the request cannot be served, the run has another dashboard already, or the store fails.
pub async fn visualize(
    objects: &Objects,
    request: &Request,
    options: &Options,
    clock: &dyn Clock,
) -> Result<Answer, VisualizeError> {
    let budget = Budget::until(clock, None);
    request.check()?;
    let results = store::load(objects, request).await?;
    let dashboard = render(request, &results, options);
    let artifacts = if request.dry_run {
        let folder = folder(options, &dashboard.run_id);
        dashboard.files.iter().map(|file| file.described(&folder, "dry_run")).collect()
    } else {
        store::write(objects, &dashboard, options, request.overwrite).await?
    };
    let page = artifacts.iter().find(|artifact| artifact.name == PAGE).filter(|_| !request.dry_run);
    let dashboard_url = page.and_then(|page| Some(format!("{}/{}", options.base_url.as_deref()?, page.object)));
    let findings = findings(&dashboard, artifacts, dashboard_url);
    Ok(Answer::close(AGENT, budget.started(), budget.elapsed_seconds(), findings))
}

fn findings(dashboard: &Dashboard, artifacts: Vec<super::data::Artifact>, dashboard_url: Option<String>) -> Findings {
    let missing = |(name, part): (&String, &super::data::Component)| {
        Some(NotShown { figure: name.clone(), reason: part.reason.clone()? })
    };
    let not_computed: Vec<NotShown> = dashboard.components.iter().filter_map(missing).collect();
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let (shown, parts) = ((dashboard.components.len() - not_computed.len()) as u64, dashboard.components.len() as u64);
    let confidence = Confidence {
        coverage: share(shown, parts),
        completeness: share(dashboard.figures - dashboard.figures_absent, dashboard.figures),
        weakest_agent: dashboard.weakest_agent,
    };
    let complete = dashboard.agents.values().all(|status| status.as_deref() == Some("success"));
    let (insights, evidence) = insights(dashboard, shown, parts);
    let recommendations: Vec<String> = not_computed
        .iter()
        .map(|part| format!("To show {}: {}.", part.figure.replace('_', " "), part.reason))
        .collect();
    let recommendation_evidence =
        (0..recommendations.len()).map(|index| vec![format!("/coverage/not_computed/{index}")]).collect();
    let data = Data {
        schema_version: SCHEMA_VERSION.to_owned(),
        run_id: dashboard.run_id.clone(),
        dashboard_components: dashboard.components.clone(),
        generated_artifacts: artifacts,
        dashboard_url,
        auto_refresh: AutoRefresh {
            enabled: false,
            interval_seconds: None,
            reason: "a page shows one run; the next run writes its own".to_owned(),
        },
        alert_system: dashboard.alerts.clone(),
        coverage: Coverage {
            agents: dashboard.agents.clone(),
            figures: dashboard.figures,
            figures_absent: dashboard.figures_absent,
            not_computed,
        },
        evidence,
        recommendation_evidence,
        confidence,
    };
    Findings {
        status: if complete && shown == parts { Status::Success } else { Status::Partial },
        // The data holds only strings, finite numbers and maps with text keys, which always serialise.
        data: serde_json::to_value(&data).unwrap_or_else(|_| json!({})),
        insights,
        recommendations,
        confidence_score: confidence.coverage * confidence.completeness * confidence.weakest_agent,
    }
}

fn insights(dashboard: &Dashboard, shown: u64, parts: u64) -> (Vec<String>, Vec<Vec<String>>) {
    let alerts = &dashboard.alerts;
    let said = [
        (format!("The page shows {shown} of {parts} parts."), vec!["/dashboard_components"]),
        (
            format!("{} figures, {} of them without a number.", dashboard.figures, dashboard.figures_absent),
            vec!["/coverage/figures", "/coverage/figures_absent"],
        ),
        (
            format!(
                "{} of {} thresholds are passed, {} cannot be judged.",
                alerts.active,
                alerts.rules.len(),
                alerts.unknown
            ),
            vec!["/alert_system/active", "/alert_system/unknown"],
        ),
    ];
    let (texts, pointers): (Vec<String>, Vec<Vec<&str>>) = said.into_iter().unzip();
    (texts, pointers.into_iter().map(|list| list.into_iter().map(str::to_owned).collect()).collect())
}
