// What the page's scripts share with each other, and with the Python that writes their data
// (reports/study/store.py, reports/kit/panel.py).

/** One number or text a run or trial; null where there is none. */
export type Value = number | string | null;

/** A column of the filter and of the table. A category has its levels and a code each. */
export interface Column {
  name: string;
  title: string;
  level: "trial" | "run";
  kind: "number" | "category";
  values: (number | string | null)[];
  levels?: string[];
  /** The column of `Runs` that holds the values, instead of `values`. */
  of?: RunColumn;
}

export interface Runs {
  trial: number[];
  seed: number[];
  stage: string[];
  outcome: string[];
  /** Images seen when a run began to fail. */
  onset: (number | null)[];
  /** Share of the budget that a run lived. */
  life: number[];
  score: (number | null)[];
  quality: (number | null)[];
  confidence: (number | null)[];
  frechet: (number | null)[];
  /** The distance that quality is made of. */
  kernel: (number | null)[];
  images: (number | null)[];
  /** Seconds. */
  cost: (number | null)[];
  started: (number | null)[];
  ended: (number | null)[];
  attempts: number[];
  evidence: string[];
  error: string[];
  /** Name and evidence of each flag. */
  flags: [string, string][][];
  /** What the judge could not examine. */
  notJudged: string[][];
}

export type RunColumn =
  | "stage"
  | "outcome"
  | "seed"
  | "score"
  | "quality"
  | "frechet"
  | "kernel"
  | "onset"
  | "cost"
  | "trial";

export interface Trials {
  number: number[];
  origin: string[];
  /** What a trial sets otherwise than the study's base, by its path in the configuration. */
  overrides: Record<string, unknown>[];
}

export interface Outcome {
  /** Whether it is a failure of the game, which has an onset. */
  fails: boolean;
  /** Whether the run failed before its budget. */
  breaks: boolean;
  colour: string;
  /** An SVG path in a box of 16 by 16. */
  path: string;
  meaning: string;
}

export interface Picture {
  images: number;
  key: string;
}

export interface Store {
  study: {
    name: string;
    /** As a command names it. */
    folder: string;
    /** Images of one run; null where the record has no budget. */
    budget: number | null;
    names: { frechet: string; kernel: string } & Record<string, string>;
    leading: number | null;
    /** Ratio of ends from which an axis of values is logarithmic. */
    logFrom: number;
    classes: string[];
    realShares: number[] | null;
    /** What real images measure, by metric. */
    baseline: Record<string, number>;
  };
  base: Record<string, unknown>;
  outcomes: Record<string, Outcome>;
  trials: Trials;
  runs: Runs;
  columns: Column[];
  /** The first row of evaluations of each run, and one past the last. */
  first: ArrayLike<number>;
  metrics: { name: string; title: string; partial: boolean }[];
  filmstrips: Record<number, Picture[]>;
  neighbours: Record<number, Picture>;
  /** Data URLs by key. */
  pictures: Record<string, string>;
}

/** How an axis of a figure relates to a column. */
export interface Brush {
  column: string;
  scale: "linear" | "log10" | "slots";
  slots: string[];
}

/** Options of a picker: what they change in the figure. */
export interface Option {
  note: string;
  restyle: Record<string, unknown>;
  relayout: Record<string, unknown>;
  brush?: Record<string, Brush>;
}

/** A figure's data block. */
export interface Stored {
  data: PlotlyTrace[];
  layout: Record<string, any>;
  narrow: Record<string, unknown>;
  pickers: Record<string, Option>[];
  joint: Record<string, Option>;
  /** Columns of the rows behind the figure. */
  table: Record<string, Value[]>;
  marks: string;
  brush: Record<string, Brush>;
  /** What the section's own script needs. */
  extra: any;
}

/** A figure on the page. */
export interface Panel {
  identity: string;
  element: HTMLElement;
  frame: PlotlyFrame;
  usesWebgl: boolean;
  visible: boolean;
  /** Whether its marks are older than the selection. */
  stale: boolean;
  /** The columns of its axes as the pickers stand. */
  brush: Record<string, Brush>;
  stored?: Stored;
  drawing?: Promise<void>;
  overlay?: SVGElement;
  /** The filter as this figure's brush left it, while its outline is drawn. */
  written?: string;
}

/** A figure whose data block has been read. */
export type DrawnPanel = Panel & { stored: Stored };

export type Point = [number, number | null];

/** Marks in the coordinates of a pair of axes, such as "x2y2". */
export interface Marks {
  axes: string;
  points?: Point[];
  lines?: Point[][];
  rects?: [number, number, number, number][];
  /** For more than the runs of one outcome: drawn in no outcome's colour. */
  neutral?: boolean;
}

export type Marker = (panel: DrawnPanel, runs: number[]) => Marks[];

/** A curve of a run in a small chart; a value is NaN where none was measured. */
export interface Line {
  run: number;
  points: [number, number][];
  onset: number | null;
  outcome: string;
}

// Plotly comes with no types for the parts of its full layout that the overlay reads.
export type PlotlyTrace = Record<string, any>;

export interface PlotlyFrame extends HTMLElement {
  data: PlotlyTrace[];
  layout: Record<string, any>;
  _fullData?: PlotlyTrace[];
  _fullLayout?: Record<string, any>;
  on(event: string, listener: (event: any) => void): void;
}

declare global {
  const Plotly: {
    newPlot(
      frame: HTMLElement,
      data: PlotlyTrace[],
      layout: object,
      config: object,
    ): Promise<unknown>;
    update(frame: HTMLElement, restyle: object, relayout: object): Promise<unknown>;
    restyle(frame: HTMLElement, update: object, traces: number[]): Promise<unknown>;
    relayout(frame: HTMLElement, update: object): Promise<unknown>;
    Plots: { resize(frame: HTMLElement): void };
  };
  interface Uint8ArrayConstructor {
    /** Newer than the oldest browser that the page serves. */
    fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
  }
}
