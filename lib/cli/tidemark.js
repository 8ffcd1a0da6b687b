#!/usr/bin/env node
// The command, run from its TypeScript sources, from whatever folder it is called.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
