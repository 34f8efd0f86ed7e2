//! The files under `/assets/`: built in, or from a directory where someone works on them.

use std::borrow::Cow;
use std::path::{Component, Path as FilePath, PathBuf};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::App;
use super::failure::Failure;

#[derive(RustEmbed)]
#[folder = "../assets"]
struct BuiltIn;

/// Where files come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assets {
    directory: Option<PathBuf>,
}

struct File {
    bytes: Cow<'static, [u8]>,
    tag: String,
}

impl Assets {
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self { directory }
    }

    async fn find(&self, path: &str) -> Option<File> {
        match self.read(path).await {
            Some(bytes) => Some(File { tag: tag(&Sha256::digest(&bytes)), bytes: bytes.into() }),
            None => {
                let file = BuiltIn::get(path)?;
                Some(File { tag: tag(&file.metadata.sha256_hash()), bytes: file.data })
            }
        }
    }

    async fn read(&self, path: &str) -> Option<Vec<u8>> {
        let directory = self.directory.as_ref()?;
        let path = FilePath::new(path);
        let stays_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !stays_inside {
            return None;
        }
        tokio::fs::read(directory.join(path)).await.ok()
    }
}

fn tag(digest: &[u8]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..12]))
}

/// `GET /assets/…`. A browser keeps the file and asks each time whether it is still the same.
pub(crate) async fn serve(State(app): State<App>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(file) = app.0.assets.find(&path).await else {
        return Failure::malformed("there is no such file").with_status(StatusCode::NOT_FOUND).into_response();
    };
    let cache = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, HeaderValue::from_str(&file.tag).expect("a tag is base64url")),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == file.tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, content_type(&path))], file.bytes).into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_of_the_directory_comes_first_and_nothing_outside_of_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), "outside").unwrap();
        let inside = dir.path().join("assets");
        std::fs::create_dir_all(inside.join("js")).unwrap();
        std::fs::write(inside.join("js/room.js"), "mine").unwrap();
        let assets = Assets::new(Some(inside));
        assert_eq!(&*assets.find("js/room.js").await.unwrap().bytes, b"mine");
        for outside in ["../secret", "js/../../secret", "/etc/passwd", "./../secret"] {
            assert!(assets.find(outside).await.is_none(), "{outside}");
        }
    }
}
