// The arithmetic of the checks.

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export const median = (values) => percentile(values, 0.5);

/** Mean power of a track's samples while `speaker` speaks, in dB of full scale; `lagMs`: how late sound arrives. */
export function turnLevelDb(samples, speaker, { parties, turnMs, lagMs = 250 }) {
  // Only the later middle of each turn: at its edges speech and silence overlap by the delay of network and jitter
  // buffer, which in a browser that has just begun can exceed half a second.
  const inTurn = samples.filter(([at]) => {
    const within = (at - lagMs) % turnMs;
    return Math.floor((at - lagMs) / turnMs) % parties === speaker % parties && within > turnMs * 0.4 && within < turnMs * 0.85;
  });
  if (inTurn.length === 0) return null;
  const power = inTurn.reduce((sum, [, square]) => sum + square, 0) / inTurn.length;
  return 10 * Math.log10(Math.max(power, 1e-10));
}
