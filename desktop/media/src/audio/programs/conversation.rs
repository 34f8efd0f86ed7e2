//! The embassy of PulseAudio's protocol for what other programs play: which of them there are, and a recording of each
//! one's sound. Bytes in, bytes out; the socket is somebody else's.
//!
//! The protocol's ready-made client can neither list what is played nor be told of changes, so this is spoken here.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::io::Cursor;
use std::sync::Arc;

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    AuthParams, AuthReply, ChannelMap, Command, CommandReply, CreateRecordStreamReply, DESCRIPTOR_SIZE, MAX_VERSION,
    Prop, Props, ProtocolError, RecordStreamParams, SampleFormat, SampleSpec, SetClientNameReply, SinkInputInfo,
    SinkInputInfoList, SubscriptionMask, read_descriptor, read_reply_message, write_command_message,
};
use thiserror::Error;

use super::Programs;
use crate::audio::SAMPLE_RATE;
use crate::audio::devices::NAME;

/// What PipeWire says of both ends of its filters and loops.
const LINK_GROUP: &CStr = c"node.link-group";

const SAMPLE_BYTES: usize = size_of::<f32>();

/// Bytes that the server gives at a time: 10 ms.
const FRAGMENT: u32 = SAMPLE_RATE / 100 * SAMPLE_BYTES as u32;

/// Bytes. Nothing that the server has to say is longer.
const MESSAGE_MAX: usize = 4 << 20;

/// The channel of everything that is not sound.
const CONTROL: u32 = u32::MAX;

#[derive(Debug, Error)]
pub(super) enum TalkError {
    #[error("{0}")]
    Protocol(#[from] ProtocolError),
    #[error("a message of {0} bytes")]
    TooLong(usize),
}

/// What the server was asked and has not answered.
#[derive(Debug)]
enum Question {
    Greeting,
    Name,
    Change,
    List,
    /// To record what this program plays.
    Record(u32),
}

/// With one server, from the greeting on.
#[derive(Debug)]
pub(super) struct Conversation {
    programs: Arc<Programs>,
    version: u16,
    asked: BTreeMap<u32, Question>,
    next: u32,
    /// What is recorded or about to be, with the channel once it is known.
    recorded: BTreeMap<u32, Option<u32>>,
    /// Something changed after the list was asked for.
    outdated: bool,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Conversation {
    pub(super) fn new(programs: Arc<Programs>, cookie: Vec<u8>) -> Result<Self, TalkError> {
        let mut this = Self {
            programs,
            version: MAX_VERSION,
            asked: BTreeMap::new(),
            next: 0,
            recorded: BTreeMap::new(),
            outdated: false,
            incoming: Vec::new(),
            outgoing: Vec::new(),
        };
        let greeting = AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        this.ask(Question::Greeting, &Command::Auth(greeting))?;
        Ok(this)
    }

    /// What is to be written to the server.
    pub(super) fn take_outgoing(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outgoing)
    }

    /// What the server wrote, cut anywhere.
    pub(super) fn handle_bytes(&mut self, bytes: &[u8]) -> Result<(), TalkError> {
        self.incoming.extend_from_slice(bytes);
        let mut incoming = std::mem::take(&mut self.incoming);
        let mut done = 0;
        while let Some(length) = message_length(&incoming[done..])? {
            self.handle_message(&incoming[done..done + length])?;
            done += length;
        }
        incoming.drain(..done);
        self.incoming = incoming;
        Ok(())
    }

    fn handle_message(&mut self, message: &[u8]) -> Result<(), TalkError> {
        let descriptor = read_descriptor(&mut &message[..DESCRIPTOR_SIZE])?;
        let mut body = &message[DESCRIPTOR_SIZE..];
        if descriptor.channel != CONTROL {
            self.handle_sound(descriptor.channel, body);
            return Ok(());
        }
        match Command::read_tag_prefixed(&mut body, self.version) {
            Ok((number, Command::Reply)) => self.handle_reply(number, message),
            Ok((number, Command::Error(error))) => self.handle_refusal(number, ProtocolError::ServerError(error)),
            Ok((_, Command::SubscribeEvent(_))) => self.look(),
            // The program has moved to another speaker, or is gone.
            Ok((_, Command::RecordStreamKilled(channel))) => {
                self.forget(channel);
                self.look()
            }
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::debug!(%error, "a word of the sound server that is not understood");
                Ok(())
            }
        }
    }

    fn handle_sound(&self, channel: u32, bytes: &[u8]) {
        let Some((&program, _)) = self.recorded.iter().find(|(_, recorded)| **recorded == Some(channel)) else {
            return;
        };
        let samples = bytes.as_chunks::<SAMPLE_BYTES>().0;
        self.programs.push(program, samples.iter().map(|&bytes| f32::from_le_bytes(bytes)));
    }

    fn handle_reply(&mut self, number: u32, message: &[u8]) -> Result<(), TalkError> {
        match self.asked.remove(&number) {
            Some(Question::Greeting) => {
                self.version = self.read::<AuthReply>(message)?.version.min(MAX_VERSION);
                self.ask(Question::Name, &Command::SetClientName(name()))
            }
            Some(Question::Name) => {
                self.read::<SetClientNameReply>(message)?;
                self.ask(Question::Change, &Command::Subscribe(SubscriptionMask::SINK_INPUT))?;
                self.look()
            }
            Some(Question::List) => {
                let list = self.read::<SinkInputInfoList>(message)?;
                self.follow(&list)
            }
            Some(Question::Record(program)) => {
                let channel = self.read::<CreateRecordStreamReply>(message)?.channel;
                match self.recorded.get_mut(&program) {
                    Some(recorded) => *recorded = Some(channel),
                    // Gone while it was asked for.
                    None => self.ask(Question::Change, &Command::DeleteRecordStream(channel))?,
                }
                Ok(())
            }
            Some(Question::Change) | None => Ok(()),
        }
    }

    fn handle_refusal(&mut self, number: u32, error: ProtocolError) -> Result<(), TalkError> {
        match self.asked.remove(&number) {
            Some(Question::Greeting | Question::Name | Question::List) => Err(error.into()),
            Some(Question::Record(program)) => {
                tracing::debug!(%error, program, "a program cannot be listened to");
                self.recorded.remove(&program);
                Ok(())
            }
            Some(Question::Change) | None => Ok(()),
        }
    }

    /// Which programs there are: one answer for any number of changes before it.
    fn look(&mut self) -> Result<(), TalkError> {
        self.outdated = self.asked.values().any(|question| matches!(question, Question::List));
        if self.outdated { Ok(()) } else { self.ask(Question::List, &Command::GetSinkInputInfoList) }
    }

    /// Records those that play, and nobody else.
    fn follow(&mut self, list: &[SinkInputInfo]) -> Result<(), TalkError> {
        let wanted: BTreeSet<u32> = list.iter().filter(|one| is_another_program(one)).map(|one| one.index).collect();
        let gone: Vec<u32> = self.recorded.keys().filter(|program| !wanted.contains(program)).copied().collect();
        for program in gone {
            self.programs.remove(program);
            if let Some(channel) = self.recorded.remove(&program).flatten() {
                // The server may have done so already, and says so.
                self.ask(Question::Change, &Command::DeleteRecordStream(channel))?;
            }
        }
        for program in wanted {
            if let Entry::Vacant(place) = self.recorded.entry(program) {
                place.insert(None);
                self.ask(Question::Record(program), &Command::CreateRecordStream(recording_of(program)))?;
            }
        }
        if std::mem::take(&mut self.outdated) { self.look() } else { Ok(()) }
    }

    fn forget(&mut self, channel: u32) {
        let found = self.recorded.iter().find(|(_, recorded)| **recorded == Some(channel));
        if let Some(program) = found.map(|(program, _)| *program) {
            self.recorded.remove(&program);
            self.programs.remove(program);
        }
    }

    fn read<T: CommandReply>(&self, message: &[u8]) -> Result<T, TalkError> {
        Ok(read_reply_message(&mut Cursor::new(message), self.version)?.1)
    }

    fn ask(&mut self, question: Question, command: &Command) -> Result<(), TalkError> {
        write_command_message(&mut self.outgoing, self.next, command, self.version)?;
        self.asked.insert(self.next, question);
        self.next = self.next.wrapping_add(1);
        Ok(())
    }
}

/// Of the first message, once it is there as a whole.
fn message_length(bytes: &[u8]) -> Result<Option<usize>, TalkError> {
    if bytes.len() < DESCRIPTOR_SIZE {
        return Ok(None);
    }
    let body = read_descriptor(&mut &bytes[..DESCRIPTOR_SIZE])?.length as usize;
    if body > MESSAGE_MAX {
        return Err(TalkError::TooLong(body));
    }
    Ok((bytes.len() - DESCRIPTOR_SIZE >= body).then_some(DESCRIPTOR_SIZE + body))
}

/// Neither this process, nor a filter or a loop of the server itself, in which this process may be heard again.
fn is_another_program(input: &SinkInputInfo) -> bool {
    let is = |prop, value: &[u8]| input.props.get(prop).is_some_and(|found| text(found) == value);
    let process = std::process::id().to_string();
    let is_ours = is(Prop::ApplicationProcessId, process.as_bytes()) && is(Prop::ApplicationName, NAME.to_bytes());
    let is_inside = input.client_index.is_none() || input.props.get_bytes(LINK_GROUP).is_some();
    !is_ours && !is_inside
}

/// Of a property, without the zero at its end.
fn text(value: &[u8]) -> &[u8] {
    value.strip_suffix(&[0]).unwrap_or(value)
}

fn name() -> Props {
    let mut props = Props::new();
    props.set(Prop::ApplicationName, NAME);
    props
}

fn recording_of(program: u32) -> RecordStreamParams {
    let mut props = Props::new();
    props.set(Prop::MediaName, c"Shared sound");
    RecordStreamParams {
        sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: SAMPLE_RATE },
        channel_map: ChannelMap::mono(),
        buffer_attr: BufferAttr { fragment_size: FRAGMENT, ..Default::default() },
        // It goes where the program goes: no other source would be the same.
        flags: StreamFlags { adjust_latency: true, no_move: true, ..Default::default() },
        direct_on_input_index: Some(program),
        props,
        ..Default::default()
    }
}
