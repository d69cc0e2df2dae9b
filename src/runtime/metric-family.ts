/** One metric with all its series, as plain data that can be sent to another process. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  /** "counter", "gauge" and so on. */
  readonly type: string;
  /** How values of several processes become one: "sum", "max" and so on. */
  readonly aggregator: string;
  readonly values: readonly MetricValue[];
  /** Whether it is about the process itself (memory, event loop): of several, none stands for all. */
  readonly isOfProcess: boolean;
}

export interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** The series' name where it is not the metric's, as in a histogram. */
  readonly metricName?: string | undefined;
}
