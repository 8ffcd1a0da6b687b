declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A DynamoDB in this process; data in memory. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
