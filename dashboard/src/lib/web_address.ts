/** Addresses of pages, as short as they can be told apart. */

/** "https://shop.example/cart?x=1" is "/cart?x=1"; what is no web address stays. */
export function withoutOrigin(address: string | null): string {
  if (address === null) return '–';
  const { origin, rest } = parted(address);
  return origin === '' ? address : rest;
}

/** The addresses without their origin where all have the same one; null stays out of it. */
export function shortAddresses(addresses: readonly (string | null)[]): Map<string, string> {
  const known = addresses.filter((address) => address !== null);
  const parts = known.map(parted);
  const same = parts.length > 0 && parts.every(({ origin }) => origin !== '' && origin === parts[0]!.origin);
  return new Map(known.map((address, at) => [address, same ? parts[at]!.rest : address]));
}

function parted(address: string): { origin: string; rest: string } {
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/?#]+)(.*)$/i.exec(address) ?? [];
  return { origin, rest: rest === '' ? '/' : rest };
}
