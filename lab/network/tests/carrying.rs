//! Real packets between real programs in two namespaces.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use network::{Network, Profile, Side};

/// Sends numbered datagrams, so many a second, and prints how many it sent.
const SENDER: &str = "
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
count, rate = int(sys.argv[2]), int(sys.argv[3])
begin = time.monotonic()
for n in range(count):
    s.sendto(n.to_bytes(4, 'big') + bytes(int(sys.argv[4]) - 4), (sys.argv[1], 7777))
    ahead = begin + (n + 1) / rate - time.monotonic()
    if ahead > 0.002: time.sleep(ahead)
for _ in range(50):
    s.sendto(b'over', (sys.argv[1], 7777)); time.sleep(0.02)
";

/// Says when it listens; then counts different datagrams until it is told that it is over.
const RECEIVER: &str = "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
s.bind(('0.0.0.0', 7777))
print('listening', flush=True)
seen = set()
while (d := s.recv(2048)) != b'over': seen.add(d[:4])
print(len(seen), flush=True)
";

struct Receiver {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Receiver {
    fn start(network: &Network) -> Self {
        let mut command = network.command(Side::Right, "python3");
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

    fn count(mut self) -> u32 {
        let count = self.line().parse().expect("a number");
        self.child.wait().expect("its end");
        count
    }
}

fn carried(profile: Profile, count: u32, rate: u32, bytes: usize) -> (u32, Network) {
    let network = Network::new(profile, 11).expect("a network");
    let receiver = Receiver::start(&network);
    let mut sender = network.command(Side::Left, "python3");
    let arguments = [Network::ADDRESSES[1].to_owned(), count.to_string(), rate.to_string(), bytes.to_string()];
    assert!(sender.args(["-c", SENDER]).args(arguments).status().expect("python").success());
    (receiver.count(), network)
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
