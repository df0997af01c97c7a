//! Variables that adapters read, for the `config` command and the check for unknown names.

/// Name, kind (`text`, `flag`, `choice`, `secret`) and meaning of each variable with our prefix. The platforms'
/// own variables (`OCI_*`, `AWS_*`) are theirs to document.
pub const SETTINGS: &[(&str, &str, &str)] = &[
    (
        "CAUSEWAY_CLOUD",
        "choice",
        "oci, aws or auto: whose services functions use; auto goes by what is configured, OCI before AWS",
    ),
    ("CAUSEWAY_LOCAL_ROOT", "path", "directory that stands in for the bucket; without a cloud the working directory"),
    ("CAUSEWAY_BUCKET", "text", "bucket that functions read and write, unless CAUSEWAY_LOCAL_ROOT names a directory"),
    ("CAUSEWAY_STATE_BUCKET", "text", "bucket of documents, leases and stored replies; CAUSEWAY_BUCKET when unset"),
    ("CAUSEWAY_STATE_PREFIX", "text", "folder of all that in the bucket, causeway-state when unset"),
    (
        "CAUSEWAY_SECOND_BUCKET",
        "text",
        "bucket of the other cloud that stands in while the storage of the first is out; folders copy/, own/, \
         pending-results/ and refused-results/ below the name of each bucket of the first",
    ),
    (
        "CAUSEWAY_SECOND_ROOT",
        "path",
        "a directory in place of that bucket; while it is not there the first side works alone",
    ),
    (
        "CAUSEWAY_SECOND_HAS_COPY",
        "flag",
        "true: copy/ has everything that the first side has, so that lists of it are whole",
    ),
    ("CAUSEWAY_STORAGE_TRY_SECONDS", "number", "longest time until one side of the storage answers, 5 when unset"),
    (
        "CAUSEWAY_STORAGE_CACHE_SECONDS",
        "number",
        "oldest answer of this process that is given when no side of the storage answers, 300 when unset; 0 for none",
    ),
    (
        "CAUSEWAY_STORAGE_BREAKER",
        "text",
        "rules of the storage's circuit breakers that differ, as JSON: {\"open_seconds\":30,\"consecutive_failures\":5}",
    ),
    ("CAUSEWAY_NAMESPACE", "text", "Object Storage namespace of the buckets; the tenancy's when unset"),
    ("CAUSEWAY_COMPARTMENT", "text", "OCID of the compartment that is worked on; the principal's when unset"),
    ("CAUSEWAY_TOPIC", "text", "topic that alerts go to: OCID, or ARN on AWS"),
    (
        "CAUSEWAY_CHAT_MODEL",
        "text",
        "language models, primary first, separated by commas: name or OCID (the cloud's own), oci:MODEL[;format=coherev2], \
         oci-openai:MODEL[;path=/openai/v1][;key=K], openai:MODEL@URL[;key=K] (llama.cpp, Ollama, vLLM), \
         bedrock:MODEL[;region=R], replay:FILE.json or replay:FOLDER (recorded answers), or none",
    ),
    (
        "CAUSEWAY_CHAT_API_KEY",
        "secret",
        "bearer of the openai: server; itself, or secret: and the OCID, name or ARN of a secret in the vault",
    ),
    ("CAUSEWAY_CHAT_API_KEY_*", "secret", "bearer of the entries with ;key=*, such as a key of Generative AI"),
    (
        "CAUSEWAY_CHAT_ALLOW_HTTP",
        "flag",
        "true: openai: servers on other machines may be reached by plain http, without keys",
    ),
    ("CAUSEWAY_CHAT_RECORD", "path", "folder where answers of language models are kept for replay:FOLDER"),
    ("CAUSEWAY_CHAT_TRY_SECONDS", "number", "longest time of one try of a language model, 60 when unset"),
    (
        "CAUSEWAY_CHAT_BREAKER",
        "text",
        "process (when unset) or shared: whether what one process finds about a language model holds for all",
    ),
    (
        "CAUSEWAY_APPLICATION",
        "text",
        "application of the other functions: OCID or name on OCI Functions, name on a Fn server; causeway when unset",
    ),
    (
        "CAUSEWAY_FN_API_URL",
        "text",
        "Fn server with the other functions, such as http://localhost:8080; it comes before the cloud's functions",
    ),
    ("CAUSEWAY_FN_ALLOW_HTTP", "flag", "true: a Fn server on another machine may be reached by plain http"),
    ("CAUSEWAY_FUNCTION_PREFIX", "text", "what the names of the other functions begin with on AWS"),
    (
        "CAUSEWAY_OCI_AUTH",
        "choice",
        "auto, resource_principal, instance_principal, delegation, oke, api_key, config_file, security_token, \
         token_exchange or none",
    ),
    ("CAUSEWAY_OCI_IMDS", "flag", "true: with auto, ask the machine's metadata service last"),
    ("CAUSEWAY_OCI_ENDPOINT", "text", "one endpoint for all OCI services, such as an emulator's"),
    ("CAUSEWAY_OCI_ENDPOINT_*", "text", "endpoint of one service, such as CAUSEWAY_OCI_ENDPOINT_OBJECT_STORAGE"),
    ("CAUSEWAY_OCI_FUNCTIONS_API_VERSION", "text", "API version of OCI Functions, 20181201 when unset"),
    ("CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL", "text", "identity domain where a JWT is exchanged for an OCI token"),
    ("CAUSEWAY_OCI_EXCHANGE_CLIENT_ID", "text", "confidential application that may exchange tokens"),
    ("CAUSEWAY_OCI_EXCHANGE_CLIENT_SECRET", "secret", "its secret"),
    ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", "text", "file with the JWT, read anew for each exchange"),
    ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN", "secret", "the JWT itself"),
    ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_TYPE", "text", "subject_token_type, jwt when unset"),
    (
        "CAUSEWAY_OCI_EXCHANGE_REQUESTED_TOKEN_TYPE",
        "text",
        "requested_token_type, urn:oci:token-type:oci-upst when unset",
    ),
    ("CAUSEWAY_OCI_EXCHANGE_RESOURCE_TYPE", "text", "res_type, for a resource's token"),
    ("CAUSEWAY_OCI_EXCHANGE_RPST_EXP", "text", "wanted life of a resource's token in seconds"),
    ("CAUSEWAY_OCI_EXCHANGE_PATH", "text", "path of the token endpoint, /oauth2/v1/token when unset"),
];
