//! ORDS as its documentation has it, on a local server.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use causeway_cloud::results::{Login, Statements};
use causeway_cloud::secrets::SecretBytes;
use causeway_oci_auth::effects::{HttpClient, SystemFiles};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A query's answer, after the example of Oracle's page "REST-Enabled SQL Service".
const ACCEPTED: &str = r#"{"env":{"defaultTimeZone":"UTC"},"items":[{"statementId":1,"statementType":"dml",
 "statementPos":{"startLine":1,"endLine":2},"statementText":"…","response":["1 row merged.\n"],"result":1}]}"#;
const REFUSED: &str = r#"{"env":{"defaultTimeZone":"UTC"},"items":[{"statementId":1,"statementType":"dml",
 "errorCode":942,"errorLine":1,"errorColumn":12,"errorDetails":"ORA-00942: table or view does not exist\n"}]}"#;
const TOKEN: &str = r#"{"access_token":"not-a-real-token","token_type":"bearer","expires_in":3600}"#;

struct Vault(&'static str);

#[async_trait]
impl Secrets for Vault {
    async fn secret(&self, reference: &str, _: Deadline) -> Result<SecretBytes, ServiceFailure> {
        assert_eq!(reference, "ocid1.vaultsecret.oc1.iad.a");
        Ok(SecretBytes::new(self.0.as_bytes().to_vec()))
    }
}

/// Time that passes at once.
struct NoWait;

#[async_trait]
impl Clock for NoWait {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {}
}

/// A server that gives prepared answers and remembers what it was asked: head and body.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

async fn server(answers: &[(u16, &str)]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mut answers: VecDeque<(u16, String)> =
        answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let request = receive(&mut connection).await;
            seen.lock().unwrap().push(request);
            let (status, body) = answers.pop_front().unwrap_or((500, String::new()));
            let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    Server { address, asked }
}

async fn receive(connection: &mut tokio::net::TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().split_once("content-length: ").map(|(_, rest)| {
                rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().unwrap()
            });
            if body.len() >= length.unwrap_or_default() {
                return (head.to_lowercase(), body.to_owned());
            }
        }
        let mut buffer = [0; 4096];
        let read = connection.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the request ended early");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

const USER: &str = r#"{"username":"flow","password":"not-a-real-password"}"#;
const CLIENT: &str = r#"{"client_id":"id","client_secret":"not-a-real-secret"}"#;

fn database(server: &Server, login: Login) -> Database {
    Database {
        url: format!("{}/ords/flow/_/sql", server.address),
        login,
        secret: "ocid1.vaultsecret.oc1.iad.a".to_owned(),
        members: BTreeMap::new(),
        statements: Statements::default(),
    }
}

fn ords(database: &Database, secret: &'static str) -> Ords {
    let http = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap();
    Ords::new(Arc::new(http), Arc::new(NoWait), Arc::new(Vault(secret)), database).unwrap()
}

fn binds() -> Vec<Bind> {
    vec![
        Bind { name: "result_id", value: BindValue::Text("r'1".to_owned()) },
        Bind { name: "agent_results", value: BindValue::LongText("{}".to_owned()) },
        Bind { name: "business_health", value: BindValue::Number(None) },
    ]
}

#[tokio::test]
async fn a_statement_goes_out_with_its_binds() {
    let server = server(&[(200, ACCEPTED)]).await;
    let ords = ords(&database(&server, Login::Basic), USER);
    ords.execute("insert into t values (:result_id)", &binds(), Deadline::NONE).await.unwrap();
    let asked = server.asked.lock().unwrap().clone();
    let (head, body) = &asked[0];
    assert!(head.starts_with("post /ords/flow/_/sql http/1.1\r\n"), "{head}");
    assert!(
        head.contains("content-type: application/json") && head.contains("authorization: basic zmxvdzpub3qt"),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    let expected = json!({
        "statementText": "insert into t values (:result_id)",
        "binds": [
            {"name": "result_id", "data_type": "VARCHAR", "value": "r'1"},
            {"name": "agent_results", "data_type": "CLOB", "value": "{}"},
            {"name": "business_health", "data_type": "NUMBER", "value": null},
        ],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn members_are_called_as_the_server_calls_them() {
    let server = server(&[(200, r#"{"rows":[{"fault":"ORA-00001","text":"unique"}]}"#)]).await;
    let called = [
        ("data_type", "dataType"),
        ("items", "rows"),
        ("errorCode", "fault"),
        ("errorDetails", "text"),
        ("CLOB", "LONG"),
    ];
    let members = called.iter().map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned())).collect();
    let ords = ords(&Database { members, ..database(&server, Login::Basic) }, USER);
    let refused = ords.execute("x", &binds(), Deadline::NONE).await.unwrap_err();
    let SqlFailure::Statement(error) = refused else { panic!("{refused:?}") };
    assert_eq!(error, SqlError { code: 1, details: "unique".to_owned() });
    let body: Value = serde_json::from_str(&server.asked.lock().unwrap()[0].1).unwrap();
    assert_eq!(body["binds"][1]["dataType"], "LONG");
}

/// Oracle's documentation has an option that leaves binds out of the answer, so that a server may send them back.
#[tokio::test]
async fn an_answer_may_repeat_a_large_result() {
    let result = "\u{1}".repeat(1 << 20);
    let mut echoed: Value = serde_json::from_str(ACCEPTED).unwrap();
    echoed["items"][0]["binds"] = json!([{ "name": "agent_results", "value": result }]);
    let server = server(&[(200, &echoed.to_string())]).await;
    let binds = [Bind { name: "agent_results", value: BindValue::LongText(result) }];
    ords(&database(&server, Login::Basic), USER).execute("x", &binds, Deadline::NONE).await.unwrap();
    assert_eq!(server.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_of_200_can_be_a_refusal() {
    let server = server(&[(200, REFUSED)]).await;
    let refused = ords(&database(&server, Login::Basic), USER).execute("x", &[], Deadline::NONE).await.unwrap_err();
    let SqlFailure::Statement(error) = refused else { panic!("{refused:?}") };
    assert!(error.code == 942 && error.details.starts_with("ORA-00942"), "{error}");
}

#[tokio::test]
async fn answers_that_say_nothing_are_no_success() {
    for body in ["", "{}", "[]", "{\"items\":[]}", "<html>"] {
        let server = server(&[(200, body)]).await;
        let failed = ords(&database(&server, Login::Basic), USER).execute("x", &[], Deadline::NONE).await.unwrap_err();
        let SqlFailure::Service(failure) = failed else { panic!("{failed:?}") };
        assert!(failure.kind() == Kind::BadAnswer && failure.may_have_happened(), "{body}");
    }
}

#[tokio::test]
async fn an_ill_server_is_asked_again_and_a_refusal_is_not_repeated() {
    let ill = server(&[(503, ""), (500, ""), (200, ACCEPTED)]).await;
    ords(&database(&ill, Login::Basic), USER).execute("x", &[], Deadline::NONE).await.unwrap();
    assert_eq!(ill.asked.lock().unwrap().len(), 3);
    for (status, kind) in [(401, Kind::Unauthenticated), (403, Kind::Denied), (404, Kind::NotFound)] {
        let server = server(&[(status, "secret words")]).await;
        let failed = ords(&database(&server, Login::Basic), USER).execute("x", &[], Deadline::NONE).await.unwrap_err();
        let SqlFailure::Service(failure) = failed else { panic!("{failed:?}") };
        assert_eq!((failure.kind(), server.asked.lock().unwrap().len()), (kind, 1));
        assert!(!format!("{failure:?}").contains("secret words"));
    }
}

#[tokio::test]
async fn a_token_is_kept_until_it_is_refused() {
    let answers = [(200, TOKEN), (200, ACCEPTED), (200, ACCEPTED), (401, ""), (200, TOKEN), (200, ACCEPTED)];
    let server = server(&answers).await;
    let token_url = format!("{}/ords/flow/oauth/token", server.address);
    let ords = ords(&database(&server, Login::ClientCredentials { token_url }), CLIENT);
    for _ in 0..3 {
        ords.execute("x", &[], Deadline::NONE).await.unwrap();
    }
    let asked = server.asked.lock().unwrap().clone();
    let paths: Vec<_> = asked.iter().map(|(head, _)| head.split(' ').nth(1).unwrap().to_owned()).collect();
    let (token, sql) = ("/ords/flow/oauth/token", "/ords/flow/_/sql");
    assert_eq!(paths, [token, sql, sql, sql, token, sql]);
    assert_eq!(asked[0].1, "grant_type=client_credentials");
    assert!(asked[1].0.contains("authorization: bearer not-a-real-token"));
}

#[tokio::test]
async fn a_secret_of_another_form_is_told_without_its_content() {
    let server = server(&[]).await;
    for secret in
        ["hidden", "{}", r#"{"username":"a:b","password":"hidden"}"#, r#"{"username":"","password":"hidden"}"#]
    {
        let failed =
            ords(&database(&server, Login::Basic), secret).execute("x", &[], Deadline::NONE).await.unwrap_err();
        let SqlFailure::Service(failure) = failed else { panic!("{failed:?}") };
        assert_eq!(failure.kind(), Kind::NotConfigured);
        assert!(!format!("{failure:?} {failure}").contains("hidden"));
    }
    assert!(server.asked.lock().unwrap().is_empty());
}

#[test]
fn addresses() {
    for good in ["https://x.adb.us-ashburn-1.oraclecloudapps.com/ords/flow/_/sql", "http://127.0.0.1:1/ords/f/_/sql"] {
        assert!(address(good).is_ok(), "{good}");
    }
    for bad in ["", "x", "http://example.com/ords", "ftp://x/ords", "https://user:word@x/ords", "/ords"] {
        assert!(address(bad).is_err(), "{bad}");
    }
}
