"""Judges of the contract that know nothing of how it is made: linters, a TypeScript client, and a fuzzer."""
