//! The services: host, family of host names, and API version. As in the clients of Oracle's Python SDK 2.189.0.

/// An OCI service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Service {
    /// Object Storage; its paths start with `/n/{namespace}`.
    ObjectStorage,
    /// Core services: compute, network, block volumes.
    Core,
    /// Monitoring, all but publishing.
    Monitoring,
    /// Monitoring, publishing: `PostMetricData`.
    MonitoringIngestion,
    /// Generative AI inference.
    GenerativeAi,
    /// Notifications.
    Notifications,
    /// Functions, management. Calls of a function go to its `invokeEndpoint`, see
    /// [`Endpoints::member`](super::Endpoints::member).
    Functions,
    /// Usage.
    Usage,
    /// Secrets, reading.
    Secrets,
    /// Vault, managing secrets.
    Vaults,
    /// Identity.
    Identity,
    /// Federation and resource principal tokens.
    Auth,
    /// The identity service's own token calls.
    IdentityDataplane,
    /// Logging, writing.
    LoggingIngestion,
    /// Logging, managing.
    Logging,
    /// Streaming, managing. Messages go to the stream's `messagesEndpoint`.
    Streaming,
    /// Queue, managing. Messages go to the queue's `messagesEndpoint`.
    Queue,
    /// DNS.
    Dns,
    /// Autoscaling.
    Autoscaling,
    /// Events.
    Events,
    /// Service limits. Quotas have the same host and another API version.
    Limits,
    /// Health Checks.
    HealthChecks,
}

/// How the host name of a service is made.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Part before the region.
    pub(super) host: &'static str,
    /// Part between the region and the second-level domain; `""` in the older services.
    pub(super) family: &'static str,
    /// API version as a path; `""` where the paths differ.
    pub(super) base: &'static str,
    /// Whether it has names that resolve to IPv6 as well.
    pub(super) dual_stack: bool,
}

const fn older(host: &'static str, base: &'static str) -> Form {
    Form { host, family: "", base, dual_stack: false }
}

const fn newer(host: &'static str, base: &'static str) -> Form {
    Form { host, family: "oci.", base, dual_stack: false }
}

const fn dual(form: Form) -> Form {
    Form { dual_stack: true, ..form }
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::ObjectStorage,
        Self::Core,
        Self::Monitoring,
        Self::MonitoringIngestion,
        Self::GenerativeAi,
        Self::Notifications,
        Self::Functions,
        Self::Usage,
        Self::Secrets,
        Self::Vaults,
        Self::Identity,
        Self::Auth,
        Self::IdentityDataplane,
        Self::LoggingIngestion,
        Self::Logging,
        Self::Streaming,
        Self::Queue,
        Self::Dns,
        Self::Autoscaling,
        Self::Events,
        Self::Limits,
        Self::HealthChecks,
    ];

    /// Its name, such as `object_storage`; in capitals it ends the variable that overrides its endpoint.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ObjectStorage => "object_storage",
            Self::Core => "core",
            Self::Monitoring => "monitoring",
            Self::MonitoringIngestion => "monitoring_ingestion",
            Self::GenerativeAi => "generative_ai",
            Self::Notifications => "notifications",
            Self::Functions => "functions",
            Self::Usage => "usage",
            Self::Secrets => "secrets",
            Self::Vaults => "vaults",
            Self::Identity => "identity",
            Self::Auth => "auth",
            Self::IdentityDataplane => "identity_dataplane",
            Self::LoggingIngestion => "logging_ingestion",
            Self::Logging => "logging",
            Self::Streaming => "streaming",
            Self::Queue => "queue",
            Self::Dns => "dns",
            Self::Autoscaling => "autoscaling",
            Self::Events => "events",
            Self::Limits => "limits",
            Self::HealthChecks => "health_checks",
        }
    }

    /// There is no rule for the families, only this table.
    pub(super) const fn form(self) -> Form {
        match self {
            Self::ObjectStorage => dual(older("objectstorage", "")),
            Self::Core => dual(older("iaas", "/20160918")),
            Self::Monitoring => older("telemetry", "/20180401"),
            Self::MonitoringIngestion => older("telemetry-ingestion", "/20180401"),
            Self::GenerativeAi => dual(newer("inference.generativeai", "/20231130")),
            Self::Notifications => older("notification", "/20181201"),
            // The Go SDK's version. The Python SDK has 20260325; whether both are served everywhere is open.
            Self::Functions => newer("functions", "/20181201"),
            Self::Usage => newer("usageapi", "/20200107"),
            Self::Secrets => newer("secrets.vaults", "/20190301"),
            Self::Vaults => newer("vaults", "/20180608"),
            Self::Identity => newer("identity", "/20160918"),
            Self::Auth => older("auth", ""),
            Self::IdentityDataplane => older("auth", "/v1"),
            Self::LoggingIngestion => dual(newer("ingestion.logging", "/20200831")),
            Self::Logging => dual(newer("logging", "/20200531")),
            Self::Streaming => newer("streaming", "/20180418"),
            Self::Queue => newer("messaging", "/20210201"),
            Self::Dns => newer("dns", "/20180115"),
            Self::Autoscaling => newer("autoscaling", "/20181001"),
            Self::Events => dual(newer("events", "/20181201")),
            Self::Limits => newer("limits", "/20190729"),
            Self::HealthChecks => newer("healthchecks", "/20180501"),
        }
    }

    /// Part before a complete domain. Streaming has another one there.
    pub(super) const fn host_before_domain(self) -> &'static str {
        if matches!(self, Self::Streaming) { "streams" } else { self.form().host }
    }
}
