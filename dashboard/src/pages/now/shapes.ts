/** The countries as paths of one picture, projected once. */
import { geoEqualEarth, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import atlas from 'world-atlas/countries-110m.json';
import { SMALL_PLACES, codeOf } from './countries';

export interface Shape {
  /** ISO 3166-1's two letters; null is no country's. */
  code: string | null;
  path: string;
  /** Where its name is shown, in the picture's units. */
  middle: [number, number];
  /** A dot in the place of a shape. */
  small: boolean;
}

export const WIDTH = 960;
export const HEIGHT = 450;
const DOT = 4;
const ANTARCTICA = '010';

export const SHAPES: readonly Shape[] = drawn();

function drawn(): Shape[] {
  const topology = atlas as unknown as Topology<{ countries: GeometryCollection<{ name?: string }> }>;
  // Nobody sends events from there, and it would take a fifth of the picture.
  const { features, ...world } = feature(topology, topology.objects.countries);
  const countries = features.filter(({ id }) => id !== ANTARCTICA);
  const places = { type: 'MultiPoint' as const, coordinates: SMALL_PLACES.map(({ at }) => at) };
  const all = { ...world, features: [...countries, { type: 'Feature' as const, properties: { name: '' }, geometry: places }] };
  // Turned a little, so that the far east of Asia is not cut off and drawn beside Alaska.
  const projection = geoEqualEarth().rotate([-11, 0]).fitExtent([[DOT, DOT], [WIDTH - DOT, HEIGHT - DOT]], all);
  const path = geoPath(projection).digits(1);
  const shapes = countries.map((one): Shape => ({
    code: codeOf(one.id === undefined ? undefined : String(one.id), one.properties?.name ?? ''),
    path: path(one) ?? '',
    middle: path.centroid(one),
    small: false,
  }));
  const dots = SMALL_PLACES.map(({ code, at }): Shape => {
    const [x, y] = projection(at) ?? [0, 0];
    const arc = `a${DOT} ${DOT} 0 1 1 `;
    return { code, path: `M${(x - DOT).toFixed(1)} ${y.toFixed(1)}${arc}${2 * DOT} 0${arc}${-2 * DOT} 0Z`, middle: [x, y], small: true };
  });
  return [...shapes, ...dots];
}
