/** What went over all links of this process since the start, as plain numbers. Metrics read them. */
export const linkTraffic = { framesIn: 0, bytesIn: 0, framesOut: 0, bytesOut: 0, tooSlow: 0 };
