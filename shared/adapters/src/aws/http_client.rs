//! The AWS SDK over the HTTP client that everything else here uses.
//!
//! The SDK's own clients take the machine's certificate bundle, and an image from scratch has none.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// Adapts reqwest to the SDK.
#[must_use]
pub fn http_client(client: reqwest::Client) -> SharedHttpClient {
    SharedHttpClient::new(Reqwest(client))
}

#[derive(Debug, Clone)]
struct Reqwest(reqwest::Client);

impl HttpClient for Reqwest {
    /// The SDK's connect and read timeouts are not taken over: the client has its own, and the SDK bounds the
    /// attempt as a whole.
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Reqwest {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&client, request).await })
    }
}

async fn exchange(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let request = request.map(reqwest::Body::wrap);
    let request = reqwest::Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
    let response = client.execute(request).await.map_err(classify)?;
    let response = http::Response::from(response).map(SdkBody::from_body_1_x);
    // Not `other`, which is the SDK's word for what went wrong before the request was handed over.
    HttpResponse::try_from(response).map_err(|error| ConnectorError::io(error.into()))
}

fn classify(error: reqwest::Error) -> ConnectorError {
    // The URL of a presigned request is a secret.
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
