//! Notifications.

use async_trait::async_trait;
use causeway_cloud::Notifier;
use causeway_cloud::notifier::Message;
use causeway_oci_client::{Client, notifications};
use causeway_resilience::{Deadline, ServiceFailure};
use tokio::sync::OnceCell;

/// One topic. Its own endpoint is asked for once: topics may live at another one than the region's.
pub(super) struct Topic {
    client: Client,
    id: String,
    endpoint: OnceCell<String>,
}

impl Topic {
    pub(super) fn new(client: Client, id: String) -> Self {
        Self { client, id, endpoint: OnceCell::new() }
    }

    async fn endpoint(&self, client: &Client) -> Result<&str, ServiceFailure> {
        let asked =
            self.endpoint.get_or_try_init(async || Ok(client.notifications().topic(&self.id).await?.api_endpoint));
        // Whatever became of the question: nothing was published.
        asked.await.map(String::as_str).map_err(|failure: ServiceFailure| failure.with_unknown_effect(false))
    }
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, deadline: Deadline) -> Result<String, ServiceFailure> {
        super::in_time(deadline, "notifications")?;
        let client = self.client.until(deadline);
        let endpoint = self.endpoint(&client).await?;
        let title = title(&message.title);
        let message = notifications::Message { title, body: message.body.clone() };
        Ok(client.notifications().publish(&self.id, Some(endpoint), &message).await?.message_id)
    }
}

/// What a mail's subject can carry, cut at 100 characters.
fn title(title: &str) -> Option<String> {
    let line: String = title.chars().map(|each| if each.is_control() { ' ' } else { each }).take(100).collect();
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_one_short_line() {
        assert_eq!(title("a\r\nBcc: b"), Some("a  Bcc: b".to_owned()));
        assert_eq!(title(" \n"), None);
        assert_eq!(title(&"ä".repeat(200)), Some("ä".repeat(100)));
    }
}
