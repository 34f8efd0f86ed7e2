//! Addresses of web pages in what people write.

use std::ops::Range;

use url::Url;

/// What an address ends before.
const STOPS: &[char] = &['<', '>', '"', '\'', '`', '{', '}', '|', '\\', '^'];
const PUNCTUATION: &[char] = &['.', ',', ';', ':', '!', '?'];

/// An address, and where it stands in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebLink {
    pub range: Range<usize>,
    /// `http` or `https`, nothing else.
    pub url: Url,
}

/// The links of `text`, from its start to its end.
pub fn web_links(text: &str) -> Vec<WebLink> {
    let mut links = Vec::new();
    let mut from = 0;
    while let Some(start) = next_start(text, from) {
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || STOPS.contains(&c)).unwrap_or(rest.len());
        let address = without_tail(&rest[..end]);
        let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        from = start + address.len().max("http".len());
        if let Some(url) = url {
            links.push(WebLink { range: start..start + address.len(), url });
        }
    }
    links
}

/// Where the next address may begin, whatever its case.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let begins = |at: &usize| {
        let rest = &text.as_bytes()[*at..];
        let is = |scheme: &str| rest.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme.as_bytes()));
        is("http://") || is("https://")
    };
    (from..text.len()).find(begins)
}

/// An address does not end with the punctuation of the sentence around it, nor with a bracket opened before it.
fn without_tail(address: &str) -> &str {
    let mut address = address;
    loop {
        let shorter = address.trim_end_matches(PUNCTUATION);
        let count = |bracket| shorter.matches(bracket).count();
        if !shorter.ends_with(')') || count('(') >= count(')') {
            return shorter;
        }
        address = &shorter[..shorter.len() - 1];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        web_links(text).into_iter().map(|link| &text[link.range]).collect()
    }

    #[test]
    fn addresses_are_found_without_the_sentence_around_them() {
        assert_eq!(
            found("see https://a.example/x?y=1#z, and HTTP://B.example!"),
            ["https://a.example/x?y=1#z", "HTTP://B.example"]
        );
        assert_eq!(
            found("(https://a.example/w_(x)). <http://é.example/ü>"),
            ["https://a.example/w_(x)", "http://é.example/ü"]
        );
        assert_eq!(found("üüühttp://a.example/\nhttp://b.example"), ["http://a.example/", "http://b.example"]);
    }

    #[test]
    fn only_the_web_is_linked() {
        for text in
            ["javascript:alert(1)", "file:///etc/passwd", "ftp://a.example", "http://", "https://)", "http:/a", ""]
        {
            assert_eq!(found(text), [""; 0], "{text}");
        }
        let many = "http://".repeat(500);
        assert!(found(&many).len() <= 500);
    }

    #[test]
    fn where_it_goes_is_told_as_the_browser_reads_it() {
        let link = web_links("https://bank.example@evil.example/ and https://xn--bcher-kva.example/").remove(0);
        assert_eq!(link.url.host_str(), Some("evil.example"));
        assert_eq!(web_links("https://bücher.example")[0].url.host_str(), Some("xn--bcher-kva.example"));
    }
}
