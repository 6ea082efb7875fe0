use super::*;

fn covered(text: &str) -> String {
    String::from_utf8(cover(text.as_bytes(), &mut |_| "*".to_owned()).into_owned()).expect("cut between characters")
}

fn field(name: &str, value: &str) -> String {
    let covered = cover_field(name, value.as_bytes(), &mut |_| "*".to_owned());
    String::from_utf8(covered.into_owned()).expect("cut between characters")
}

#[test]
fn names_are_secret_in_any_spelling() {
    for name in [
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "set-cookie",
        "X-Api-Key",
        "apikey",
        "api_key",
        "X-Goog-Api-Key",
        "access_token",
        "client-secret",
        "PASSWORD",
        "mcp-session-id",
        "jsessionid",
        "PHPSESSID",
        // Encoded, once and again.
        "%74oken",
        "to%4Ben",
        "%2574oken",
        "api%2Dkey",
        "api%5Fkey",
        // Short words.
        "key",
        "sig",
        "jwt",
        "code",
        "auth",
        "pwd",
        "credential",
        "sid",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "AWSAccessKeyId",
        "X-Auth",
        "X-Jwt",
        "X-Access-Key",
        "X-Auth-Key",
        "X-Signature",
        "X-Api.Key",
        "apiKey",
        "APIKey",
        "userAuth",
        "aPiKeY",
        "kEy",
        "auth[user]",
        "device_code",
        "x-csrf",
        "key2",
        "%20key%20",
        "+key",
    ] {
        assert!(is_secret_name(name), "{name}");
    }
}

#[test]
fn words_that_only_look_alike_are_no_secrets() {
    for name in [
        "",
        "accept",
        "content-type",
        "user-agent",
        "x-request-id",
        "host",
        ":authority",
        "threadId",
        "monkey",
        "keyboard",
        "keynote",
        "author",
        "x-author",
        "authority",
        "www-authenticate",
        "decode",
        "encoder",
        "codec",
        "significant",
        "design",
        "assigned",
        "bypass",
        "compass",
        "spin",
        "inside",
        "sec-websocket-key",
        "Sec-WebSocket-Accept",
        "Access-Control-Allow-Credentials",
        "X-Status-Code",
        "countryCode%20",
        "code_challenge",
        "etag",
        "state",
    ] {
        assert!(!is_secret_name(name), "{name}");
    }
}

#[test]
fn urls_lose_only_their_secrets() {
    for (url, shown) in [
        ("*", "*"),
        ("/run", "/run"),
        ("/run?", "/run?"),
        ("/run?a=1&access_token=x%20y&b", "/run?a=1&access_token=*&b"),
        ("/run?token=&t=1", "/run?token=&t=1"),
        ("/cb#access_token=z&state=s", "/cb#access_token=*&state=s"),
        ("/cb#/in?token=a#b", "/cb#/in?token=*"),
        (
            "/run?%74oken=a&to%4Ben=b&api%2Dkey=c",
            "/run?%74oken=*&to%4Ben=*&api%2Dkey=*",
        ),
        ("/run;token=a/b;v=1?x", "/run;token=*/b;v=1?x"),
        ("/run?a=1;token=b;c&d=2", "/run?a=1;token=*&d=2"),
        ("/run?token=a=b==&c", "/run?token=*&c"),
        ("http://me:pw@host:80/a@b?x=1", "http://*@host:80/a@b?x=1"),
        ("https://tok@host", "https://*@host"),
        ("//me:pw@host/", "//*@host/"),
        ("http://host/a@b", "http://host/a@b"),
        // A URL in a URL, encoded or not.
        ("/go?to=https%3A%2F%2Fh%2F%3Ftoken%3Dq&b=1", "/go?to=*&b=1"),
        ("/go?to=https%253A%252F%252Fh%252F%253Ftoken%253Dq", "/go?to=*"),
        ("/go?to=https%3A%2F%2Fu%3Ap%40h%2F", "/go?to=*"),
        ("/go/https%3A%2F%2Fh%2F%3Fsig%3Dq/x", "/go/*/x"),
        ("/go?to=http://h/?token=q", "/go?to=http://h/?token=*"),
        ("/t?input=%7B%22apiKey%22%3A%22q%22%7D", "/t?input=*"),
        (
            "/t?input=%7B%22name%22%3A%22q%22%7D",
            "/t?input=%7B%22name%22%3A%22q%22%7D",
        ),
        ("/é?token=ü&é=ü", "/é?token=*&é=ü"),
    ] {
        assert_eq!(covered(url), shown, "{url}");
        assert_eq!(covered(shown), shown, "covered again: {url}");
    }
}

#[test]
fn fields_lose_their_secrets_wherever_they_stand() {
    for (name, value, shown) in [
        ("Authorization", "Bearer a", "*"),
        ("accept", "text/event-stream;q=0.9", "text/event-stream;q=0.9"),
        ("content-type", "text/html; charset=utf-8", "text/html; charset=utf-8"),
        (
            "Location",
            "https://h/cb#access_token=a&b=c",
            "https://h/cb#access_token=*&b=c",
        ),
        (
            "Link",
            "<https://h/?page=2&sig=a>; rel=\"next\"",
            "<https://h/?page=2&sig=*>; rel=\"next\"",
        ),
        ("X-Original-Url", "/a?%74oken=b", "/a?%74oken=*"),
        ("Referer", "https://u:p@h/?key=a", "https://*@h/?key=*"),
        ("Refresh", "5; url=/a?token=b", "5; url=/a?token=*"),
        (
            "Forwarded",
            "for=1.1.1.1;secret=\"a b\";by=c",
            "for=1.1.1.1;secret=\"*\";by=c",
        ),
        ("x-thing", "token=a;b c", "token=* c"),
        ("x-proxied", "Bearer abc", "*"),
        ("x-proxied", "basic YTpi", "*"),
        ("www-authenticate", "Bearer realm=\"a\"", "Bearer realm=\"a\""),
        ("x-sc-headers", "{\"Authorization\": \"Bearer a\"}", "*"),
        ("report-to", "{\"url\":\"https://h/r\"}", "{\"url\":\"https://h/r\"}"),
        ("report-to", "{\"url\":\"https://h/r?key=a\"}", "*"),
        ("sec-websocket-protocol", "graphql-ws, mqtt", "graphql-ws, mqtt"),
        (
            "sec-websocket-protocol",
            "v1, access_token, abc.def",
            "v1, access_token, *",
        ),
        (
            "sec-websocket-protocol",
            "base64url.bearer.authorization.k8s.io.QUJD, base64.channel.k8s.io",
            "base64url.bearer.authorization.k8s.io.*, base64.channel.k8s.io",
        ),
        (
            "Sec-WebSocket-Protocol",
            "realtime, openai-insecure-api-key.sk-1, openai-beta.realtime-v1",
            "realtime, openai-insecure-api-key.*, openai-beta.realtime-v1",
        ),
        (
            "sec-websocket-protocol",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
            "*",
        ),
    ] {
        assert_eq!(field(name, value), shown, "{name}: {value}");
    }
    let odd = [b"\xff?token=".as_slice(), b"\xfe"].concat();
    assert_eq!(&*cover_field("x", &odd, &mut |_| "*".to_owned()), b"\xff?token=*");
}

/// Names and values that are made to be looked at again and again.
#[test]
fn long_texts_are_looked_at_once() {
    let mut masked = 0;
    let nested = |rounds: usize| format!("b=%{}{}", "25".repeat(rounds), "a=".repeat(40_000));
    let repeated = ["a=", "a=%41", "?a=%", "%25", "//@", "token=%3D;", "\"a\":"].map(|piece| piece.repeat(2_000));
    for text in repeated.into_iter().chain((0..12).map(nested)) {
        cover(text.as_bytes(), &mut |_| {
            masked += 1;
            String::new()
        });
        cover_field("sec-websocket-protocol", text.as_bytes(), &mut |_| String::new());
    }
    assert!(masked > 0);
}

#[test]
fn people_see_that_something_is_hidden() {
    assert_eq!(hidden("https://u:p@h/a?key=b"), "https://…@h/a?key=…");
}
