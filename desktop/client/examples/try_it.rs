//! throwaway
use client::*;
use std::sync::Arc;
use std::time::{Duration, Instant};
#[tokio::main]
async fn main() {
    let server: url::Url = std::env::args().nth(1).unwrap().parse().unwrap();
    let n: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let secs: u64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let room = std::env::args().nth(4).unwrap_or("demo".into());
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..n {
        let o = Options {
            server: server.clone(),
            room: protocol::RoomId::parse(&room).unwrap(),
            password: None,
            username: protocol::Username::parse(&format!("p{i}")).unwrap(),
            loopback: false,
            create: true,
        };
        let (client, mut events) = Client::start(o, &tokio::runtime::Handle::current());
        let client = Arc::new(client);
        tasks.spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(33));
            let (mut f, mut first, mut got) = (0u32, None, [0u64; 2]);
            let mut want = false; let mut said=false;
            loop {
                tokio::select! {
                    e = events.recv() => match e {
                        Some(ClientEvent::Rtp{kind,..}) => { got[kind as usize]+=1; if first.is_none() && kind==Kind::Video { first=Some(start.elapsed()); println!("{i} first picture {:?}", start.elapsed()); } }
                        Some(ClientEvent::KeyframeWanted) => { want = true; println!("{i} {:?} keyframe wanted", start.elapsed()) }
                        Some(e) => println!("{i} {:?} {e:?}", start.elapsed()),
                        None => { println!("{i} ended"); break }
                    },
                    _ = tick.tick() => {
                        let key = want || f % 300 == 0; want=false;
                        let size = if key { 20000 } else { 3500 };
                        client.send_video(OutgoingVideo{data: vec![f as u8; size].into(), timestamp: f*3000, keyframe: key});
                        client.send_audio(OutgoingAudio{data: vec![1;80].into(), timestamp: f*960});
                        f+=1;
                        if !said && start.elapsed()>Duration::from_secs(2) { said=true; client.command(session::Command::Say{to: protocol::Address::Room, text: format!("hi from {i}")}); }
                        if start.elapsed() > Duration::from_secs(secs) { break }
                    }
                }
            }
            println!("{i} got {got:?}");
            for r in client.peer_reports() { println!("{i} {r:?}"); }
            let t = Instant::now();
            if let Ok(c) = Arc::try_unwrap(client) { c.leave().await; }
            println!("{i} left after {:?}", t.elapsed());
            while let Some(e) = events.recv().await { if !matches!(e, ClientEvent::Rtp{..}) { println!("{i} late {e:?}") } }
        });
    }
    while tasks.join_next().await.is_some() {}
}
