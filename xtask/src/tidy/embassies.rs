//! A foreign engine is named in one place only; its types do not cross our signatures.

use super::tree::Tree;

/// A foreign crate as code writes it, and the files (or folders) that may name it.
const EMBASSIES: &[(&str, &[&str])] = &[
    ("str0m", &["server/src/engine/connection", "server/tests/", "lab/bots/src/fleet/connection"]),
    ("axum", &["server/src/web", "server/tests/"]),
    ("webrtc", &["desktop/client/src/engine"]),
    ("v4l", &["desktop/media/src/camera/device", "lab/cameras/"]),
    ("x11rb", &["desktop/media/src/screen", "desktop/media/tests/", "desktop/tests/", "lab/bots/"]),
    ("ashpd", &["desktop/media/src/screen/wayland"]),
    ("zbus", &["desktop/media/src/screen/wayland"]),
    ("pipewire", &["desktop/media/src/screen/wayland"]),
    ("cpal", &["desktop/media/src/audio/devices"]),
    (
        "pulseaudio",
        &["desktop/media/src/audio/devices", "desktop/media/src/audio/programs/conversation", "desktop/media/tests/"],
    ),
    ("vpx_sys", &["desktop/media/src/vp8"]),
    ("landlock", &["desktop/media/src/decode/sandbox"]),
    ("seccompiler", &["desktop/media/src/decode/sandbox"]),
    ("opus", &["desktop/media/src/audio/opus"]),
    ("opusic_sys", &["desktop/media/src/audio/opus"]),
    ("sonora", &["desktop/media/src/audio/processing"]),
    ("sonora_aec3", &["desktop/media/src/audio/processing"]),
    ("sonora_ns", &["desktop/media/src/audio/processing"]),
    ("quinn_udp", &["server/src/engine/socket", "lab/bots/src/fleet/driver"]),
    ("argon2", &["server/src/engine/hasher"]),
    ("sqlx", &["server/src/store/sqlite", "server/tests/"]),
    ("jsonwebtoken", &["server/src/join_key", "server/tests/"]),
    ("hyper", &["server/src/web/serve", "server/tests/"]),
    ("hyper_util", &["server/src/web/serve", "server/tests/", "lab/bots/"]),
    ("instant_acme", &["server/src/tls/acme"]),
    ("rustls", &["server/src/tls", "server/tests/", "desktop/client/"]),
    ("tokio_rustls", &["server/src/tls", "server/tests/", "desktop/client/src/trust"]),
    ("rcgen", &["server/src/tls", "server/tests/", "desktop/client/src/trust"]),
    ("rustls_platform_verifier", &["desktop/client/src/trust"]),
    ("etcetera", &["desktop/src/memory"]),
    ("x509_parser", &["server/src/tls", "server/tests/"]),
    ("prometheus_client", &["server/src/metrics"]),
    ("utoipa", &["server/src/web", "protocol/"]),
    ("tun_rs", &["lab/network/src/network"]),
    ("fantoccini", &["lab/bots/"]),
];

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in tree.with_ending(".rs").filter(|file| !file.path.starts_with("xtask/")) {
        for (engine, places) in EMBASSIES {
            let at_home = places.iter().any(|place| file.path.starts_with(place));
            if !at_home && let Some(line) = file.text.lines().position(|line| names(line, engine)) {
                complaints.push(format!("{}:{}: `{engine}` is named outside its embassy", file.path, line + 1));
            }
        }
    }
    complaints
}

/// Whether a line of code (not of comment) has `engine::` as a path's start.
fn names(line: &str, engine: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let path = format!("{engine}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let behind_a_path = code[..at].trim_end().ends_with("::");
        let rooted = code[..at].trim_end().ends_with(" ::") || code[..at].trim_start().is_empty();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_') && (!behind_a_path || rooted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_outside_its_embassy_is_refused() {
        let tree = Tree::of(&[("desktop/src/app.rs", "//! x\nuse vpx_sys::vpx_codec_ctx;\n")]);
        assert_eq!(check(&tree), ["desktop/src/app.rs:2: `vpx_sys` is named outside its embassy"]);
    }

    #[test]
    fn an_engine_at_home_or_in_a_comment_is_fine() {
        let tree = Tree::of(&[
            ("desktop/media/src/vp8/encoder.rs", "use vpx_sys::x;\n"),
            ("desktop/src/app.rs", "// like cpal::Stream\nuse media::audio::opus::x;\nuse my_opus::y;\n"),
        ]);
        assert_eq!(check(&tree), Vec::<String>::new());
    }
}
