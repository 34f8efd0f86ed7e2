//! Real packets between real programs in two namespaces.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use network::{Network, Profile, Side};

/// Sends numbered datagrams, so many a second or all at once, and says afterwards that it is over.
const SENDER: &str = "
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
count, rate = int(sys.argv[2]), int(sys.argv[3])
begin = time.monotonic()
for n in range(count):
    s.sendto(n.to_bytes(4, 'big') + bytes(int(sys.argv[4]) - 4), (sys.argv[1], 7777))
    ahead = begin + (n + 1) / rate - time.monotonic() if rate else 0
    if ahead > 0.002: time.sleep(ahead)
for _ in range(50):
    s.sendto(b'over', (sys.argv[1], 7777)); time.sleep(0.02)
";

/// Says when it listens; then collects datagrams until it is told that it is over, and says how many different ones they
/// were and whether each came after the one before it.
const RECEIVER: &str = "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
s.bind(('0.0.0.0', 7777))
print('listening', flush=True)
seen = []
while (d := s.recv(2048)) != b'over': seen.append(d[:4])
print(len(set(seen)), seen == sorted(seen), flush=True)
";

struct Receiver {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Receiver {
    fn start(network: &Network, side: Side) -> Self {
        let mut command = network.command(side, "python3");
        let mut child = command.args(["-c", RECEIVER]).stdout(Stdio::piped()).spawn().expect("python");
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut receiver = Self { child, lines };
        assert_eq!(receiver.line(), "listening");
        receiver
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    /// How many came, and whether in order.
    fn count(mut self) -> (u32, bool) {
        let line = self.line();
        let (count, in_order) = line.split_once(' ').expect("two words");
        self.child.wait().expect("its end");
        (count.parse().expect("a number"), in_order == "True")
    }
}

fn sender(network: &Network, side: Side, count: u32, rate: u32, bytes: usize) -> Child {
    let other = Network::ADDRESSES[if side == Side::Left { 1 } else { 0 }];
    let mut sender = network.command(side, "python3");
    let arguments = [other.to_owned(), count.to_string(), rate.to_string(), bytes.to_string()];
    sender.args(["-c", SENDER]).args(arguments).spawn().expect("python")
}

fn carried(profile: Profile, count: u32, rate: u32, bytes: usize) -> (u32, Network) {
    let network = Network::new(profile, 11).expect("a network");
    let receiver = Receiver::start(&network, Side::Right);
    assert!(sender(&network, Side::Left, count, rate, bytes).wait().expect("python").success());
    (receiver.count().0, network)
}

/// As many packets as an interface of the network holds while its thread does something else, with some room.
const BURST: u32 = 400;

#[test]
fn a_burst_from_both_sides_is_carried_wholly_and_in_order() {
    let network = Network::new(Profile::Clean, 1).expect("a network");
    let sides = [Side::Left, Side::Right];
    let receivers = sides.map(|side| Receiver::start(&network, side));
    let senders = sides.map(|side| sender(&network, side, BURST, 0, 200));
    for mut sender in senders {
        assert!(sender.wait().expect("python").success());
    }
    for (receiver, from) in receivers.into_iter().zip([Side::Right, Side::Left]) {
        assert_eq!(receiver.count(), (BURST, true), "{:?}", network.counts(from));
    }
}

#[test]
fn a_clean_network_carries_every_datagram() {
    let (count, network) = carried(Profile::Clean, 2_000, 2_000, 1_200);
    assert_eq!(count, 2_000, "{:?}", network.counts(Side::Left));
}

#[test]
fn a_lossy_network_carries_what_it_counted_as_delivered() {
    let (count, network) = carried(Profile::Loss(10), 2_000, 2_000, 200);
    let counts = network.counts(Side::Left);
    assert!((1_700..1_900).contains(&count), "{count}");
    assert!(counts.lost >= u64::from(2_000 - count) && counts.delivered >= u64::from(count), "{counts:?}");
}

#[test]
fn both_sides_reach_the_hub_and_each_other_only_through_the_bad_network() {
    let network = Network::new(Profile::Outage, 1).expect("a network");
    let ping = |side, address| {
        let mut command = network.command(side, "python3");
        // A connection that is refused has come through; one without a way has not.
        let script = "import socket, sys\ntry: socket.create_connection((sys.argv[1], 9), 0.5)\n\
                      except ConnectionRefusedError: sys.exit(0)\nexcept OSError: sys.exit(1)";
        command.args(["-c", script, address]).status().expect("python").success()
    };
    assert!(ping(Side::Left, Network::HUB[0]) && ping(Side::Right, Network::HUB[1]));
    assert!(!ping(Side::Left, "10.78.2.2"), "the hub forwards nothing");
    assert!(ping(Side::Left, Network::ADDRESSES[1]));
}
