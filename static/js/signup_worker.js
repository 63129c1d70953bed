// Finds the number whose SHA-256 with the salt is the challenge. A file of its own: a worker made
// from a blob is what the strict policy of the pages forbids.
"use strict";

async function solve({ salt, challenge, maxnumber }) {
  const encoder = new TextEncoder();
  for (let number = 0; number <= maxnumber; number += 1) {
    const sum = await crypto.subtle.digest("SHA-256", encoder.encode(salt + number));
    const hex = Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0"));
    if (hex.join("") === challenge) return number;
  }
  return -1;
}

self.onmessage = async (event) => self.postMessage(await solve(event.data));
