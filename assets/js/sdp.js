//! The few things that the page reads in a session description itself.

/** Which connection an SDP belongs to: its origin's session id (RFC 8866, section 5.2) and its first fingerprint. */
export function identityOf(sdp) {
  const session = /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? '';
  const fingerprint = /^a=fingerprint:(.*)$/m.exec(sdp)?.[1].trim().toLowerCase() ?? '';
  return `${session} ${fingerprint}`;
}

/** Whether a candidate is of the generation that `sdp` describes; one that does not say is. */
export function isOfGeneration(candidate, sdp) {
  const fragment = candidate.usernameFragment;
  return !fragment || sdp.split(/\r?\n/).includes(`a=ice-ufrag:${fragment}`);
}

/** Resolves when every candidate is in the local description, at the latest after `atMost` milliseconds. */
export function gathered(pc, atMost) {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      pc.removeEventListener('icegatheringstatechange', check);
      resolve();
    };
    const check = () => (pc.iceGatheringState === 'complete' || pc.signalingState === 'closed') && settle();
    const timer = setTimeout(settle, atMost);
    pc.addEventListener('icegatheringstatechange', check);
    check();
  });
}
