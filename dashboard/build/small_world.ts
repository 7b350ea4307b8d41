/** The world's shapes as the map needs them: in half the bytes, by coordinates of a third of a pixel and without what nobody draws. */
import { quantize, transform } from 'topojson-client';
import type { GeometryCollection, Topology, Transform } from 'topojson-specification';
import type { Plugin } from 'vite';

type World = Topology<{ countries: GeometryCollection }> & { transform: Transform };

/** Places along each axis: the map is 960 pixels wide. */
const PLACES = 3000;
const ATLAS = /world-atlas\/countries-110m\.json$/;

export function smallWorld(): Plugin {
  return {
    name: 'small-world',
    enforce: 'pre',
    transform: (text, id) => (ATLAS.test(id) ? { code: JSON.stringify(small(JSON.parse(text) as World)), map: null } : null),
  };
}

function small({ transform: steps, ...world }: World): Topology {
  const place = transform(steps);
  const arcs = world.arcs.map((arc) => arc.map((point, at) => place([...point], at > 0)));
  // A name only where there is no ISO number to tell the country by.
  const geometries = world.objects.countries.geometries.map(({ properties, ...one }) =>
    one.id === undefined ? { ...one, properties: { name: (properties as { name?: string } | null)?.name } } : one,
  );
  const countries = { type: 'GeometryCollection', geometries };
  return quantize({ ...world, arcs, objects: { countries } } as unknown as Topology<{ countries: GeometryCollection<object> }>, PLACES);
}
