//! Real Chromium, driven over WebDriver.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::load::processes_of;
use crate::place::Place;
use crate::process::{Process, eventually};

/// Reads the pattern camera's mark from a video element's pixels; see `marks`.
const READ_MARK: &str = include_str!("page/read-mark.js");
/// Notes when which picture is presented; see `Page::watch_pictures`.
const WATCH_PICTURES: &str = include_str!("page/watch-pictures.js");
/// Measures the strongest pitch in what an element plays, with Web Audio.
const HEAR_TONE: &str = include_str!("page/hear-tone.js");

/// The video elements of a page's own camera, and of the first of the others, as expressions.
pub const OWN_VIDEO: &str = "document.querySelector('li.tile[data-connection=me] video')";
pub const OTHERS_VIDEO: &str = "document.querySelector('li.tile:not([data-connection=me]) video')";

/// How long pictures that grow are waited for: longer than it ever took.
const GROWTH_MAX: Duration = Duration::from_secs(40);
const GROWTH_LOOK: Duration = Duration::from_millis(500);

/// The page asks its connections for statistics when the details are shown.
const FIND_CONNECTION: &str = "
    const { prototype } = RTCPeerConnection, get = prototype.getStats;
    prototype.getStats = function (...of) { window.seenConnection = this; return get.apply(this, of); };
    try { await window.rtcChat.details(); } finally { prototype.getStats = get; }
    return Boolean(window.seenConnection)";

const SENT_HEIGHT: &str = "
    const all = [...(await window.seenConnection.getStats()).values()];
    return Math.max(0, ...all.filter(s => s.type === 'outbound-rtp' && s.kind === 'video').map(s => s.frameHeight ?? 0))";

/// What a page is at the moment, for whoever waits for it in vain.
const LOOK: &str = "
    const { status, toasts } = window.rtcChat ?? {};
    return { address: location.href, ready: document.readyState, status, toasts, text: document.body?.innerText.slice(0, 500) }";

/// The video element of a participant's tile on our page, as an expression.
pub fn tile_video(client: &str) -> String {
    format!("document.querySelector('li.tile[data-client=\"{client}\"] video')")
}

/// The video element of the tile that shows a participant's screen, as an expression.
pub fn screen_video(client: &str) -> String {
    format!("document.querySelector('li.tile[data-screen-of=\"{client}\"] video')")
}

/// The driver takes any free port of IPv4 and ends where another program has the same one of IPv6: then it is started again,
/// and finds another one.
const STARTS: usize = 5;

/// The driver of all browsers of a scene.
pub struct Browsers {
    _driver: Process,
    address: String,
}

/// What a browser pretends to have.
#[derive(Debug, Clone, Default)]
pub struct PageOptions<'a> {
    /// A Y4M or MJPEG clip instead of the built-in fake camera.
    pub camera: Option<&'a Path>,
    /// A WAV file instead of the built-in beep.
    pub microphone: Option<&'a Path>,
    /// No camera and no microphone at all.
    pub bare: bool,
    /// An origin that may use cameras, although it is neither this machine's nor encrypted.
    pub secure: Option<&'a str>,
    /// Width and height of the window; a laptop's by default.
    pub size: Option<(u32, u32)>,
    /// A window on this X display, as in `:99`, instead of none.
    pub display: Option<&'a str>,
    /// Plays through the sound server of its place instead of nowhere.
    pub audible: bool,
}

/// One tab in a browser of its own.
pub struct Page {
    client: Client,
    /// The browser's profile; gone with the page.
    profile: TempDir,
}

impl Browsers {
    pub async fn start() -> Result<Self> {
        Self::start_at(&Place::here(), "127.0.0.1").await
    }

    /// Browsers somewhere else, whose driver is reached under `host`.
    pub async fn start_at(place: &Place, host: &str) -> Result<Self> {
        let mut command = place.command("chromedriver");
        command.args(["--port=0", "--log-level=SEVERE"]);
        if host != "127.0.0.1" {
            command.args(["--allowed-ips=", "--allowed-origins=*"]);
        }
        let mut starts = 1;
        loop {
            match Self::drive(Process::start("chromedriver", &mut command)?, host).await {
                Err(_) if starts < STARTS => starts += 1,
                driven => return driven,
            }
        }
    }

    async fn drive(mut driver: Process, host: &str) -> Result<Self> {
        loop {
            let line = driver.line().await?;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                let address = format!("http://{host}:{}", port.trim_end_matches('.').trim());
                return Ok(Self { _driver: driver, address });
            }
        }
    }

    pub async fn open(&self, options: &PageOptions<'_>) -> Result<Page> {
        let profile = tempfile::Builder::new().prefix("chromium-").tempdir()?;
        let (width, height) = options.size.unwrap_or((1280, 800));
        let mut arguments: Vec<String> = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--autoplay-policy=no-user-gesture-required",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push(format!("--window-size={width},{height}"));
        match options.display {
            Some(display) => arguments.extend([format!("--display={display}"), "--ozone-platform=x11".into()]),
            None => arguments.push("--headless=new".into()),
        }
        if !options.audible {
            arguments.push("--mute-audio".into());
        }
        if let Some(origin) = options.secure {
            arguments.push(format!("--unsafely-treat-insecure-origin-as-secure={origin}"));
        }
        if !options.bare {
            arguments.extend(["--use-fake-device-for-media-stream".into(), "--use-fake-ui-for-media-stream".into()]);
        }
        if let Some(clip) = options.camera {
            arguments.push(format!("--use-file-for-fake-video-capture={}", clip.display()));
        }
        if let Some(sound) = options.microphone {
            arguments.push(format!("--use-file-for-fake-audio-capture={}", sound.display()));
        }
        let mut capabilities = Map::new();
        capabilities.insert("browserName".into(), json!("chrome"));
        capabilities.insert("goog:chromeOptions".into(), json!({"args": arguments, "binary": browser()?}));
        capabilities.insert("timeouts".into(), json!({"script": 60_000}));
        capabilities.insert("goog:loggingPrefs".into(), json!({"browser": "INFO"}));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .context("Chromium does not start")?;
        Ok(Page { client, profile })
    }
}

/// Asks Chromium's driver for what the page has written to the console since it was asked last.
#[derive(Debug)]
struct ReadConsole;

impl WebDriverCompatibleCommand for ReadConsole {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

/// Chromium under whatever name it has here.
fn browser() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("no browser: none of {} is in the search path", names.join(", ")))
}

impl Page {
    /// The browser's own folder, which its processes have in their command lines.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    pub async fn goto(&self, address: &str) -> Result<()> {
        Ok(self.client.goto(address).await?)
    }

    pub async fn address(&self) -> Result<String> {
        Ok(self.client.current_url().await?.to_string())
    }

    /// Runs a function's body in the page; `return` gives the value.
    pub async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// Runs an asynchronous function's body in the page.
    pub async fn run_async(&self, body: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {body} }})().then(value => done({{ value }}), error => done({{ error: String(error) }}));"
        );
        let answer = self.client.execute_async(&script, Vec::new()).await?;
        match answer.get("error") {
            Some(error) => anyhow::bail!("the page says: {error}"),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Waits until a function's body returns something true-ish; gives that. Says what the page showed otherwise.
    pub async fn until(&self, what: &str, script: &str) -> Result<Value> {
        let found = eventually(what, async || {
            let value = self.run(script).await?;
            Ok((!matches!(value, Value::Null | Value::Bool(false)) && value != json!(0) && value != json!(""))
                .then_some(value))
        });
        match found.await {
            Ok(value) => Ok(value),
            Err(error) => Err(error.context(self.portrait().await)),
        }
    }

    /// What the page shows and what its console says, in words.
    async fn portrait(&self) -> String {
        let looks = match self.run(LOOK).await {
            Ok(looks) => looks.to_string(),
            Err(error) => format!("nothing ({error})"),
        };
        let console = match self.client.issue_cmd(ReadConsole).await {
            Ok(lines) => lines.to_string(),
            Err(error) => format!("nothing ({error})"),
        };
        format!("the page shows {looks}; its console says {console}")
    }

    /// The element with this accessible name: its `aria-label`, text or label.
    async fn named(&self, name: &str) -> Result<fantoccini::elements::Element> {
        let path = format!(
            "//*[@aria-label='{name}'] | //button[normalize-space()='{name}'] | //a[normalize-space()='{name}'] \
             | //*[@id=//label[normalize-space()='{name}']/@for] | //label[contains(normalize-space(), '{name}')]//input"
        );
        eventually(&format!("an element named {name:?}"), async || {
            for element in self.client.find_all(Locator::XPath(&path)).await? {
                if element.is_displayed().await? {
                    return Ok(Some(element));
                }
            }
            Ok(None)
        })
        .await
    }

    pub async fn click(&self, name: &str) -> Result<()> {
        self.named(name).await?.click().await.with_context(|| format!("clicking {name:?}"))
    }

    /// Types into the field of this name.
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let field = self.named(name).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    pub async fn press_enter(&self, name: &str) -> Result<()> {
        Ok(self.named(name).await?.send_keys(&char::from(Key::Enter).to_string()).await?)
    }

    /// Writes to everyone in the room, as a person does.
    pub async fn write_to_room(&self, text: &str) -> Result<()> {
        let closed = "return !document.querySelector('textarea')?.checkVisibility()";
        if self.run(closed).await? == json!(true) {
            self.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'c', bubbles: true}))").await?;
        }
        self.fill("Message", text).await?;
        self.press_enter("Message").await
    }

    /// The numbers of pattern frames that a video showed while it was watched.
    pub async fn watch_marks(&self, video: &str, millis: u32) -> Result<Vec<u64>> {
        let seen = self.run_async(&format!("{READ_MARK}; return await watchMarks(() => {video}, {millis});")).await?;
        Ok(seen.as_array().context("a list of numbers")?.iter().filter_map(Value::as_u64).collect())
    }

    /// From now on notes what a video element presents (an expression that may find another one later), in `window.watch`;
    /// one picture in so many milliseconds is kept whole.
    pub async fn watch_pictures(&self, video: &str, sample_every: Option<u32>) -> Result<()> {
        let every = sample_every.map_or_else(|| "Infinity".to_owned(), |every| every.to_string());
        self.run(&format!("{WATCH_PICTURES}; window.watch = watchPictures(() => {video}, {every});")).await?;
        Ok(())
    }

    /// Waits until it is in a room.
    pub async fn joined(&self) -> Result<()> {
        self.until("being in the room", "return window.rtcChat?.status === 'joined'").await?;
        Ok(())
    }

    /// Waits until somebody else's picture is there.
    pub async fn sees_a_picture(&self) -> Result<()> {
        self.until("a picture", &format!("return {OTHERS_VIDEO}?.videoWidth > 0")).await?;
        Ok(())
    }

    /// Sends its own camera's picture as large and as often as a clip has it; by itself the page asks for less.
    pub async fn send_whole(&self, (width, height): (u32, u32), fps: u32) -> Result<()> {
        self.until("its own picture", &format!("return {OWN_VIDEO}?.videoWidth > 0")).await?;
        let whole = format!("{{ width: {width}, height: {height}, frameRate: {fps} }}");
        self.run_async(&format!("await {OWN_VIDEO}.srcObject.getVideoTracks()[0].applyConstraints({whole})")).await?;
        Ok(())
    }

    /// Puts the connection to the other one in the room into `window.seenConnection`.
    pub async fn find_connection(&self) -> Result<()> {
        let found = self.run_async(FIND_CONNECTION).await?;
        ensure!(found == json!(true), "the page has no connection");
        Ok(())
    }

    /// Waits until it sends a picture so high; it begins with a small one and takes a quarter of a minute. Where it never
    /// does, because nobody needs it or the machine cannot do it, there is an end to waiting.
    pub async fn grow(&self, height: u32) -> Result<()> {
        let since = Instant::now();
        while self.sent_height().await? < u64::from(height) && since.elapsed() < GROWTH_MAX {
            tokio::time::sleep(GROWTH_LOOK).await;
        }
        Ok(())
    }

    /// How high the picture is that it sends to one of the others.
    pub async fn sent_height(&self) -> Result<u64> {
        self.find_connection().await?;
        let height = self.run_async(SENT_HEIGHT).await?;
        height.as_u64().with_context(|| format!("the page sends {height}"))
    }

    /// The pitch that the stream of an element carries, in hertz; 0 for silence.
    pub async fn hear_tone(&self, element: &str, millis: u32) -> Result<f64> {
        let pitch =
            self.run_async(&format!("{HEAR_TONE}; return await hearTone({element}.srcObject, {millis});")).await?;
        pitch.as_f64().context("a number of hertz")
    }

    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        Ok(std::fs::write(path, self.client.screenshot().await?)?)
    }

    /// Closes the tab in order: the page can say good-bye.
    pub async fn close(self) -> Result<()> {
        self.client.goto("about:blank").await?;
        Ok(self.client.clone().close().await?)
    }
}

impl Drop for Page {
    /// A browser outlives its driver: end every process that works in this page's own profile.
    fn drop(&mut self) {
        let ids: Vec<String> =
            processes_of(self.profile.path()).unwrap_or_default().iter().map(ToString::to_string).collect();
        if !ids.is_empty() {
            let _ =
                std::process::Command::new("kill").arg("-KILL").args(ids).stderr(std::process::Stdio::null()).status();
        }
    }
}
