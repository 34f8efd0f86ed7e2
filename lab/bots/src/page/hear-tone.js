// Measures the strongest pitch of a stream: the median over some time of the loudest bin, 0 for silence.
async function hearTone(stream, millis) {
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const analyser = context.createAnalyser();
    analyser.fftSize = 8192;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    const pitches = [];
    const end = performance.now() + millis;
    while (performance.now() < end) {
        await new Promise(resolve => setTimeout(resolve, 100));
        analyser.getFloatFrequencyData(bins);
        let best = 1;
        for (let bin = 2; bin < bins.length; bin += 1) if (bins[bin] > bins[best]) best = bin;
        pitches.push(bins[best] > -70 ? best * context.sampleRate / analyser.fftSize : 0);
    }
    await context.close();
    pitches.sort((a, b) => a - b);
    return pitches[pitches.length >> 1] ?? 0;
}
