// Reads the pattern camera's mark from what a video element shows: 40 cells a row, two rows; see docs/DECISIONS.md.
function markReader() {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    return video => {
        const { videoWidth: width, videoHeight: height } = video;
        if (!width || !height) return null;
        const cell = width / 40;
        canvas.width = width;
        canvas.height = Math.ceil(2 * cell);
        context.drawImage(video, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        const row = (index, salt) => {
            const bytes = [0, 0, 0, 0, 0];
            const y = Math.floor((index + 0.5) * cell);
            for (let column = 0; column < 40; column += 1) {
                const at = 4 * (y * canvas.width + Math.floor((column + 0.5) * cell));
                const luma = 0.3 * data[at] + 0.59 * data[at + 1] + 0.11 * data[at + 2];
                bytes[column >> 3] = (bytes[column >> 3] << 1) | (luma > 128 ? 1 : 0);
            }
            const [a, b, c, d, sum] = bytes;
            if ((a ^ b ^ c ^ d ^ salt) !== sum) return null;
            return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
        };
        const number = row(0, 0xa5);
        const millis = row(1, 0x5a);
        return number === null || millis === null ? null : { number, millis };
    };
}

// The numbers of all frames that the video showed within some time, in the order shown.
async function watchMarks(find, millis) {
    const read = markReader();
    const seen = [];
    const end = performance.now() + millis;
    while (performance.now() < end) {
        const video = find();
        if (!video) { await new Promise(resolve => setTimeout(resolve, 50)); continue; }
        await new Promise(resolve => {
            const timer = setTimeout(resolve, 200);
            video.requestVideoFrameCallback(() => { clearTimeout(timer); resolve(); });
        });
        const mark = read(video);
        if (mark && mark.number !== seen[seen.length - 1]) seen.push(mark.number);
    }
    return seen;
}
