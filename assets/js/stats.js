//! Connection details: what `getStats` says of one peer, in the few numbers that a person can use.

/** Figures of one peer. `previous` is what this function gave before; rates are over the time between. */
export function summarize(report, previous = null) {
  const all = [...report.values()];
  const find = (type, kind) => all.find((entry) => entry.type === type && (kind === undefined || entry.kind === kind));
  const transport = find('transport');
  const pair = selectedPair(report, all, transport);
  const videos = all.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
  const video = largest(videos);
  const audio = find('inbound-rtp', 'audio');
  const sents = all.filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
  const sent = largest(sents);
  const at = pair?.timestamp ?? all[0]?.timestamp ?? 0;
  const counters = {
    at,
    bytesIn: (transport ?? pair)?.bytesReceived ?? 0, // a peer may send along another pair than ours
    bytesOut: (transport ?? pair)?.bytesSent ?? 0,
    framesReceived: sum(videos, 'framesReceived'),
    framesDecoded: sum(videos, 'framesDecoded'),
    framesDropped: sum(videos, 'framesDropped'),
    freezes: sum(videos, 'freezeCount'),
    keyframesWanted: sum(videos, 'pliCount'),
    framesSent: sum(sents, 'framesSent'),
    audioPackets: audio?.packetsReceived ?? 0,
    audioConcealed: audio?.concealedSamples ?? 0,
    audioSamples: audio?.totalSamplesReceived ?? 0,
    packets: sum([...videos, audio], 'packetsReceived'),
    lost: sum([...videos, audio], 'packetsLost'),
  };
  const rate = rateSince(previous?.counters, counters);
  return {
    counters,
    local: candidateOf(report, pair?.localCandidateId),
    remote: candidateOf(report, pair?.remoteCandidateId),
    roundTripMs: pair?.currentRoundTripTime === undefined ? null : pair.currentRoundTripTime * 1000,
    bitrateIn: rate('bytesIn', 8),
    bitrateOut: rate('bytesOut', 8),
    // Of camera and screen together a rate would say nothing.
    fpsIn: (videos.length > 1 ? null : rate('framesDecoded')) ?? video?.framesPerSecond ?? null,
    fpsOut: (sents.length > 1 ? null : rate('framesSent')) ?? sent?.framesPerSecond ?? null,
    sizeIn: sizeOf(video),
    sizeOut: sizeOf(sent),
    codec: report.get(video?.codecId)?.mimeType?.split('/')[1] ?? null,
    lossPercent: lossSince(previous?.counters, counters),
  };
}

/** The largest picture of those that run. */
function largest(pictures) {
  const area = ({ framesPerSecond, frameWidth, frameHeight }) => (framesPerSecond > 0 ? frameWidth * frameHeight : 0);
  return pictures.reduce((best, picture) => (best && area(best) >= area(picture) ? best : picture), undefined);
}

function sum(entries, figure) {
  return entries.reduce((total, entry) => total + (entry?.[figure] ?? 0), 0);
}

function selectedPair(report, all, transport) {
  if (transport?.selectedCandidatePairId) return report.get(transport.selectedCandidatePairId);
  return all.find((entry) => entry.type === 'candidate-pair' && (entry.selected || entry.nominated));
}

function candidateOf(report, id) {
  const candidate = report.get(id);
  return candidate ? { type: candidate.candidateType, protocol: candidate.protocol } : null;
}

function sizeOf(stream) {
  return stream?.frameWidth ? { width: stream.frameWidth, height: stream.frameHeight } : null;
}

/** A counter's growth a second; `null` where there is no earlier reading of the same connection. */
function rateSince(before, now) {
  const seconds = before ? (now.at - before.at) / 1000 : 0;
  return (name, factor = 1) => {
    if (seconds <= 0 || now[name] < before[name]) return null;
    return ((now[name] - before[name]) * factor) / seconds;
  };
}

function lossSince(before, now) {
  const lost = now.lost - (before?.lost ?? 0);
  const expected = now.packets - (before?.packets ?? 0) + lost;
  return expected > 0 ? (Math.max(0, lost) / expected) * 100 : null;
}
