// @ts-check
// Names that nobody else chooses: 128 random bits, also where crypto.randomUUID is missing.

/** @returns {string} 32 hexadecimal digits */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
