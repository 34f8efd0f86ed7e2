//! One stream of PipeWire.

use std::cell::RefCell;
use std::io::Cursor;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipewire::context::ContextRc;
use pipewire::core::CoreRc;
use pipewire::keys;
use pipewire::loop_::Timeout;
use pipewire::main_loop::MainLoopRc;
use pipewire::properties::properties;
use pipewire::spa::param::ParamType;
use pipewire::spa::param::format::{FormatProperties, MediaSubtype, MediaType};
use pipewire::spa::param::video::{VideoFormat, VideoInfoRaw};
use pipewire::spa::pod::serialize::PodSerializer;
use pipewire::spa::pod::{Pod, Value, object, property};
use pipewire::spa::utils::{Direction, Fraction, Rectangle, SpaTypes};
use pipewire::stream::{StreamFlags, StreamListener, StreamRc, StreamState};

use crate::frame::I420;
use crate::screen::canvas::{Canvas, Order};
use crate::source::Ending;

/// More than any screen has.
const SIDE_MAX: u32 = 16_384;

/// Dropped in this order: the stream needs what it was made from.
pub(super) struct Stream {
    _listener: StreamListener<()>,
    _stream: StreamRc,
    _core: CoreRc,
    _context: ContextRc,
    main_loop: MainLoopRc,
    feed: Rc<RefCell<Feed>>,
}

/// What the stream has brought.
struct Feed {
    format: VideoInfoRaw,
    canvas: Canvas,
    newest: Option<Arc<I420>>,
    /// It was connected, and is to stay so.
    is_running: bool,
    failure: Option<String>,
}

impl Stream {
    pub(super) fn open(remote: OwnedFd, node: u32, fps: u32, size_max: (u32, u32)) -> Result<Self, Ending> {
        Self::try_open(remote, node, fps, size_max).map_err(|error| failed(&error.to_string()))
    }

    fn try_open(
        remote: OwnedFd,
        node: u32,
        fps: u32,
        size_max: (u32, u32),
    ) -> Result<Self, Box<dyn std::error::Error>> {
        pipewire::init();
        let main_loop = MainLoopRc::new(None)?;
        let context = ContextRc::new(&main_loop, None)?;
        let core = context.connect_fd_rc(remote, None)?;
        let stream = StreamRc::new(
            core.clone(),
            "RTC-Chat",
            properties! {
                *keys::MEDIA_TYPE => "Video",
                *keys::MEDIA_CATEGORY => "Capture",
                *keys::MEDIA_ROLE => "Screen",
            },
        )?;
        let canvas = Canvas::new(size_max);
        let format = VideoInfoRaw::default();
        let feed = Rc::new(RefCell::new(Feed { format, canvas, newest: None, is_running: false, failure: None }));
        let (of_state, of_format, of_process) = (Rc::clone(&feed), Rc::clone(&feed), Rc::clone(&feed));
        let listener = stream
            .add_local_listener_with_user_data(())
            .state_changed(move |_, (), _, state| of_state.borrow_mut().handle_state(&state))
            .param_changed(move |_, (), id, param| of_format.borrow_mut().handle_format(id, param))
            .process(move |stream, ()| {
                while let Some(mut buffer) = stream.dequeue_buffer() {
                    of_process.borrow_mut().handle_buffer(buffer.datas_mut());
                }
            })
            .register()?;
        let wish = wish(fps)?;
        let mut wishes = [Pod::from_bytes(&wish).ok_or("its words cannot be made")?];
        let flags = StreamFlags::AUTOCONNECT | StreamFlags::MAP_BUFFERS | StreamFlags::DONT_RECONNECT;
        stream.connect(Direction::Input, Some(node), flags, &mut wishes)?;
        Ok(Self { _listener: listener, _stream: stream, _core: core, _context: context, main_loop, feed })
    }

    /// Hears what PipeWire has to say, and takes the newest picture, if there is another.
    pub(super) fn look(&mut self) -> Result<Option<Arc<I420>>, Ending> {
        // Once for each thing that has happened, but not for ever.
        for _ in 0..64 {
            if self.main_loop.loop_().iterate(Timeout::Finite(Duration::ZERO)) <= 0 {
                break;
            }
        }
        let mut feed = self.feed.borrow_mut();
        match feed.failure.take() {
            Some(why) => Err(failed(&why)),
            None => Ok(feed.newest.take()),
        }
    }

    /// The newest picture once more.
    pub(super) fn again(&mut self, now: Instant) -> Option<Arc<I420>> {
        self.feed.borrow_mut().canvas.again(now)
    }
}

impl Feed {
    fn handle_state(&mut self, state: &StreamState) {
        match state {
            StreamState::Error(why) => self.failure = Some(why.clone()),
            StreamState::Unconnected if self.is_running => self.failure = Some("it ended".to_owned()),
            StreamState::Paused | StreamState::Streaming => self.is_running = true,
            StreamState::Unconnected | StreamState::Connecting => {}
        }
    }

    fn handle_format(&mut self, id: u32, param: Option<&Pod>) {
        if let Some(param) = param
            && id == ParamType::Format.as_raw()
            && self.format.parse(param).is_err()
        {
            self.failure = Some("it has a format that nobody asked for".to_owned());
        }
    }

    fn handle_buffer(&mut self, datas: &mut [pipewire::spa::buffer::Data]) {
        let Some(data) = datas.first_mut() else { return };
        let (offset, length, stride) = (data.chunk().offset(), data.chunk().size(), data.chunk().stride());
        let order = match self.format.format() {
            VideoFormat::BGRx | VideoFormat::BGRA => Order::Bgrx,
            VideoFormat::RGBx | VideoFormat::RGBA => Order::Rgbx,
            _ => return,
        };
        let size = (self.format.size().width, self.format.size().height);
        let stride = usize::try_from(stride).ok().filter(|stride| *stride > 0).unwrap_or(size.0 as usize * 4);
        // Without pixels it is only about the pointer, or broken.
        if length == 0 || size.0 > SIDE_MAX || size.1 > SIDE_MAX {
            return;
        }
        let pixels = data.data().and_then(|data| data.get(offset as usize..));
        if let Some(pixels) = pixels
            && let Ok(picture) = self.canvas.paint(pixels, order, stride, size, Instant::now())
        {
            self.newest = Some(picture);
        }
    }
}

/// What we can make use of.
fn wish(fps: u32) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let size = |side| Rectangle { width: side, height: side };
    let rate = |num| Fraction { num, denom: 1 };
    let object = object!(
        SpaTypes::ObjectParamFormat,
        ParamType::EnumFormat,
        property!(FormatProperties::MediaType, Id, MediaType::Video),
        property!(FormatProperties::MediaSubtype, Id, MediaSubtype::Raw),
        property!(
            FormatProperties::VideoFormat,
            Choice,
            Enum,
            Id,
            VideoFormat::BGRx,
            VideoFormat::BGRx,
            VideoFormat::BGRA,
            VideoFormat::RGBx,
            VideoFormat::RGBA
        ),
        property!(FormatProperties::VideoSize, Choice, Range, Rectangle, size(1024), size(2), size(SIDE_MAX)),
        // A screen has no rate of its own (0), but a highest one.
        property!(FormatProperties::VideoFramerate, Choice, Range, Fraction, rate(fps), rate(0), rate(1000)),
        property!(FormatProperties::VideoMaxFramerate, Choice, Range, Fraction, rate(fps), rate(1), rate(fps))
    );
    let bytes = PodSerializer::serialize(Cursor::new(Vec::new()), &Value::Object(object))
        .map_err(|_| "its words cannot be made")?;
    Ok(bytes.0.into_inner())
}

fn failed(why: &str) -> Ending {
    Ending::Failed(format!("The screen cannot be shared any more: PipeWire says: {why}."))
}
