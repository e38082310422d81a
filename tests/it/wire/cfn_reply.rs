//! The answer to CloudFormation: by replay for what it decides, over loopback for what only the real connector
//! can show.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

/// Rows: 31, 34, 36, 37.
#[test]
fn the_answer_goes_out_once_without_a_content_type_and_only_2xx_counts() {
    let url = ResponseUrl::new("https://bucket.s3.amazonaws.com/key?Signature=secret");
    let table: [(&[u16], Result<Delivered, Undelivered>); 6] = [
        (&[200], Ok(Delivered::Now)),
        (&[503, 429, 409, 204], Ok(Delivered::Now)),
        (&[403, 403], Err(Undelivered::Refused(403))),
        (&[307], Err(Undelivered::Refused(307))),
        (&[400], Err(Undelivered::Refused(400))),
        (&[404], Err(Undelivered::Refused(404))),
    ];
    for (statuses, expected) in table {
        run(async {
            let tape = Tape::default();
            for status in statuses {
                tape.then(*status, &[("location", "https://elsewhere.example/")], "");
            }
            let until = Instant::now() + Duration::from_mins(1);
            let sent = deliver(&tape.connection(), &url, "{\"ä\":1}".as_bytes(), until).await;
            assert_eq!(sent, expected);
            assert!(sent.err().is_none_or(|why| !why.to_string().contains("bucket.s3")));
            for said in tape.said() {
                assert_eq!((said.method.as_str(), said.url.as_str()), ("PUT", url.expose()));
                assert_eq!(said.headers["content-length"], "8", "bytes, not characters");
                assert!(!said.headers.contains_key("content-type"), "{:?}", said.headers);
            }
        });
    }
}

/// Rows: 41.
#[test]
fn an_answer_that_stands_already_is_never_replaced() {
    run(async {
        let url = ResponseUrl::new("https://bucket.s3.amazonaws.com/key");
        let until = || Instant::now() + Duration::from_mins(1);
        let tape = Tape::default();
        // The first try was stored and its answer lost.
        tape.then(503, &[], "");
        tape.then(412, &[], "<Error><Code>PreconditionFailed</Code></Error>");
        assert_eq!(deliver(&tape.connection(), &url, b"{}", until()).await, Ok(Delivered::Before));
        assert!(tape.said().iter().all(|said| said.headers["if-none-match"] == "*"));
        // A store that does not know the condition is asked without it, once.
        for strange in [400, 403, 501] {
            let tape = Tape::default();
            tape.then(strange, &[], "<Error><Code>NotImplemented</Code></Error>");
            tape.then(200, &[], "");
            assert_eq!(deliver(&tape.connection(), &url, b"{}", until()).await, Ok(Delivered::Now), "{strange}");
            let conditions: Vec<bool> =
                tape.said().iter().map(|said| said.headers.contains_key("if-none-match")).collect();
            assert_eq!(conditions, [true, false], "{strange}");
        }
    });
}

/// Rows: 35.
#[test]
fn what_may_pass_is_tried_again_with_the_condition() {
    run(async {
        let tape = Tape::default();
        tape.then(400, &[], "<Error><Code>RequestTimeout</Code></Error>");
        tape.then(503, &[], "<Error><Code>SlowDown</Code></Error>");
        tape.then(412, &[], "");
        let until = Instant::now() + Duration::from_mins(1);
        let sent = deliver(&tape.connection(), &ResponseUrl::new("https://b.example/k"), b"{}", until).await;
        assert_eq!(sent, Ok(Delivered::Before));
        assert!(tape.said().iter().all(|said| said.headers["if-none-match"] == "*"));
    });
}

/// Rows: 36.
#[test]
fn a_url_that_has_expired_is_not_tried_again() {
    run(async {
        for body in [
            "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
            "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>",
        ] {
            let tape = Tape::default();
            tape.then(403, &[], body);
            let until = Instant::now() + Duration::from_mins(1);
            let sent = deliver(&tape.connection(), &ResponseUrl::new("https://b.example/k"), b"{}", until).await;
            assert_eq!(sent, Err(Undelivered::Expired));
            assert_eq!(tape.said().len(), 1);
        }
    });
}

/// Rows: 39.
#[test]
fn reaching_the_host_shows_nothing_of_the_url_and_any_answer_will_do() {
    let (address, bucket) = serve(&["405 Method Not Allowed"]);
    let url = ResponseUrl::new(format!("http://{address}/key?Signature=secret"));
    assert_eq!(real(reach(&Connection::new(), &url, soon())), Ok(()));
    let requests = bucket.join().unwrap();
    assert!(requests[0].starts_with("HEAD / HTTP/1.1"), "{requests:?}");
    assert!(!requests[0].contains("secret"), "{requests:?}");
    let nowhere = ResponseUrl::new("http://127.0.0.1:1/key?Signature=secret");
    let until = Instant::now() + Duration::from_millis(500);
    let why = real(async { reach(&Connection::new(), &nowhere, Instant::now() + Duration::from_millis(500)).await });
    assert!(Instant::now() < until + Duration::from_secs(2));
    assert_eq!(why, Err("the connection failed".to_owned()));
}

/// Rows: 35.
#[test]
fn a_bucket_that_is_down_is_asked_again_only_until_the_deadline() {
    run(async {
        let tape = Tape::default();
        for _ in 0..1_000 {
            tape.then(503, &[], "");
        }
        let until = Instant::now() + Duration::from_secs(30);
        let sent = deliver(&tape.connection(), &ResponseUrl::new("https://bucket.example/"), b"{}", until).await;
        assert_eq!(sent, Err(Undelivered::OutOfTime("status 503".to_owned())));
        assert!(Instant::now() <= until);
        let tries = tape.said.lock().unwrap().len();
        assert!((4..100).contains(&tries), "{tries} tries in 30 s");
    });
}

/// Rows: 31, 34, 40.
#[test]
fn on_the_wire_the_url_is_as_it_came_and_the_body_has_its_length_and_no_type() {
    let (address, bucket) = serve(&["503 Service Unavailable", "200 OK"]);
    let url = ResponseUrl::new(format!("http://{address}/arn%3Aaws%7Cx?Signature=a%2Fb%3D&Expires=1"));
    let sent = real(deliver(&Connection::new(), &url, "{\"ä\":1}".as_bytes(), soon()));
    assert_eq!(sent, Ok(Delivered::Now));
    let requests = bucket.join().unwrap();
    assert_eq!(requests.len(), 2, "once more after the 503");
    for request in requests {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("PUT /arn%3Aaws%7Cx?Signature=a%2Fb%3D&Expires=1 HTTP/1.1"));
        let headers: Vec<String> = lines.map(str::to_ascii_lowercase).collect();
        assert_eq!(headers.iter().filter(|line| line.starts_with("content-length:")).count(), 1, "{headers:?}");
        assert!(headers.contains(&"content-length: 8".to_owned()), "{headers:?}");
        for name in ["content-type:", "transfer-encoding:", "authorization:"] {
            assert!(!headers.iter().any(|line| line.starts_with(name)), "{headers:?}");
        }
        assert_eq!(body, "{\"ä\":1}");
    }
}

/// Rows: 38.
#[test]
fn on_the_wire_a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let status = format!("307 Temporary Redirect\r\nlocation: http://{}/", elsewhere.local_addr().unwrap());
    let (address, bucket) = serve(&[&status]);
    let sent = real(deliver(&Connection::new(), &ResponseUrl::new(format!("http://{address}/")), b"{}", soon()));
    assert_eq!(sent, Err(Undelivered::Refused(307)));
    assert_eq!(bucket.join().unwrap().len(), 1);
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

/// Rows: 43.
#[test]
fn a_url_that_leads_nowhere_is_in_no_message() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (url, said) in [
        ("http://127.0.0.1:1/key?Signature=secret".to_owned(), "the connection failed"),
        (format!("http://{}/key?Signature=secret", silent.local_addr().unwrap()), "no answer"),
        ("not a url, Signature=secret".to_owned(), "cannot be used"),
    ] {
        let until = || Instant::now() + Duration::from_millis(500);
        let why =
            real(async { deliver(&Connection::new(), &ResponseUrl::new(url), b"{}", until()).await }).unwrap_err();
        for text in [why.to_string(), format!("{why:?}")] {
            assert!(!text.contains("secret") && !text.contains("127.0.0.1"), "{text}");
        }
        assert!(why.to_string().contains(said), "{why}");
    }
}

/// Time as it is: sockets know no other.
fn real<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A bucket that gives one answer per connection; ends with the requests as they came in.
fn serve(statuses: &[&str]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let statuses: Vec<String> = statuses.iter().map(|status| (*status).to_owned()).collect();
    let bucket = std::thread::spawn(move || {
        let answered = statuses.iter().map(|status| {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let request = whole_request(&mut stream);
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            request
        });
        answered.collect()
    });
    (address, bucket)
}

/// Reads up to the end of the JSON object that is the body.
fn whole_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 1_024];
    loop {
        let read = stream.read(&mut part).expect("the rest of the request");
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let whole = text.contains("\r\n\r\n") && (text.ends_with('}') || text.starts_with("HEAD"));
        if read == 0 || whole {
            return text.into_owned();
        }
    }
}
