import { connectMemoryOf, METRICS, type Measured, memoryOfRole } from "../measure/measured.ts";
import { type Summary, summaryOf } from "../record/statistics.ts";
import { STUDIES, type Study } from "../suite/studies.ts";
import { type Data, pointOf } from "./data.ts";
import { paragraphs, spread, table } from "./markdown.ts";

const BYTES = { KB: 1024, MB: 1024 ** 2 };

/** A section per study that has been measured. @param picture how a chart is put into the document */
export function growth(data: Data, picture: (name: string) => string | undefined): string {
  const measured = STUDIES.filter(({ name }) => data.growth.some(({ study }) => study === name));
  return paragraphs(
    measured.map((study) =>
      paragraphs([
        `### ${study.name}`,
        `${study.about}.`,
        studyTable(data, study),
        picture(`${study.name}-cpu`),
        picture(`${study.name}-memory`),
      ]),
    ),
  );
}

function studyTable(data: Data, study: Study): string {
  const { quantity, values, contenders, memory, name } = study;
  const present = contenders.filter((contender) =>
    data.growth.some((line) => line.study === name && line.contender === contender),
  );
  const titles = [
    quantity,
    "n",
    ...present.map((contender) => `${contender}: CPU per delivery (µs)`),
    ...(memory ? present.map((contender) => `${contender}: ${memory.size} per ${memory.unit}`) : []),
    "remark",
  ];
  const rows = values.flatMap((value) => {
    const points = present.map((contender) => pointOf(data, name, value, contender));
    const runs = points.flat();
    if (runs.length === 0) return [];
    const remarks = new Set(runs.flatMap(({ note }) => note ?? []));
    return [
      [
        valueText(study, value),
        String(Math.max(...points.map(({ length }) => length))),
        ...points.map((point) => spread(cpuAt(point))),
        ...(memory ? points.map((point) => spread(memoryAt(study, value, point))) : []),
        [...remarks].join("; "),
      ],
    ];
  });
  return table(titles, rows);
}

export function cpuAt(runs: readonly Measured[]): Summary | undefined {
  return summaryOf(runs.map((run) => METRICS.cpu.of(run)));
}

/** Memory per one of what the study counts, in the unit that it is told in. */
export function memoryAt({ memory }: Study, value: number, runs: readonly Measured[]): Summary | undefined {
  if (memory === undefined) return undefined;
  const { of, size, unit } = memory;
  return summaryOf(
    runs.map((run) => {
      const bytes = of === "connecting" ? connectMemoryOf(run) : memoryOfRole(run, of);
      // Where a machine could not have as many connections, they are fewer.
      const divisor = unit === "connection" ? run.connections : value;
      return bytes / BYTES[size] / divisor;
    }),
  );
}

/** A value of the quantity, as it is written. */
export function valueText({ format }: Study, value: number): string {
  return format?.(value) ?? value.toLocaleString("en-US");
}
