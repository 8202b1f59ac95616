// What the explorer's scripts share with the Python that answers them (lab/explore/server.py).

export interface Run {
  name: string;
  architecture: string;
  verdict: string | null;
  imagesSeen: number | null;
  resolution: number;
  /** Names of the classes of a conditional generator. */
  classes: string[];
  /** Images seen by each generator that was kept. */
  kept: number[];
  /** Images seen at each stored grid. */
  samples: number[];
}

export interface Space {
  /** Share of variance of each principal direction. */
  shares: number[];
  truncates: boolean;
  takesText: boolean;
}

/** lab/explore/recipe.py */
export interface Recipe {
  run: string;
  images: number | null;
  first: number;
  count: number;
  to: number | null;
  pick: number | null;
  label: number | null;
  text: string;
  psi: number;
  sliders: number[];
}

export interface Neighbours {
  /** PNG files in base64. */
  pictures: string[];
  rows: number[];
  distances: number[];
}

export interface Source {
  /** What a saved picture is. */
  note: string;
  space(run: Run): Promise<Space>;
  /** The grid of a recipe, or the image that it picks. */
  sheet(recipe: Recipe): Promise<ImageBitmap>;
  /** The same as a PNG. */
  file(recipe: Recipe): Promise<Blob>;
  samples(run: Run, images: number): Promise<Blob>;
  /** Null where there are no training images. */
  nearest: ((recipe: Recipe) => Promise<Neighbours>) | null;
}
