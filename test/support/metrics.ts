const LINE = /^(\w+)(\{[^}]*\})? ([-\d.e+]+)$/gm;
/** Labels that all series of a process have. */
const COMMON = /(service|instance)="[^"]*",?/g;

/** What a process shows at /metrics now: each number by its name, with those labels that tell series apart. */
export async function metricsOf(port: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const metrics = new Map<string, number>();
  for (const [, name = "", labels = "", value] of text.matchAll(LINE)) {
    const own = labels.replaceAll(COMMON, "").replace(/,\}$/, "}");
    metrics.set(own === "{}" ? name : name + own, Number(value));
  }
  return metrics;
}
