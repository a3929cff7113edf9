/** Numbers of the kernel's nf_tables interface, named as in `linux/netfilter/nf_tables.h` without its prefixes. */

export const NFNL_SUBSYS_NFTABLES = 10;
export const NFNLGRP_NFTABLES = 7;
export const NFPROTO_INET = 1;

export const MSG = {
  BATCH_BEGIN: 0x10,
  BATCH_END: 0x11,
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  GETSET: 10,
  DELSET: 11,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
  NEWGEN: 15,
  GETGEN: 16,
} as const;

export const TABLE = { NAME: 1, FLAGS: 2, USERDATA: 6, OWNER: 7 } as const;
export const TABLE_F_OWNER = 2;
export const TABLE_F_PERSIST = 4;

export const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, USE: 6, TYPE: 7, USERDATA: 12 } as const;
export const HOOK = { NUMBER: 1, PRIORITY: 2 } as const;
/** Of the inet family, in the kernel's order. */
export const HOOK_NAMES = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;

export const RULE = { TABLE: 1, CHAIN: 2, HANDLE: 3, EXPRESSIONS: 4, USERDATA: 7 } as const;

export const SET = { TABLE: 1, NAME: 2, FLAGS: 3, KEY_TYPE: 4, KEY_LEN: 5, DATA_TYPE: 6, DATA_LEN: 7, DESC: 9, ID: 10, USERDATA: 13 } as const;
export const SET_DESC = { SIZE: 1, CONCAT: 2 } as const;
export const SET_FIELD_LEN = 1;
export const SET_F = { ANONYMOUS: 1, CONSTANT: 2, INTERVAL: 4, MAP: 8, TIMEOUT: 0x10, CONCAT: 0x80 } as const;

export const ELEMENTS = { TABLE: 1, SET: 2, LIST: 3, SET_ID: 4 } as const;
export const ELEMENT = { KEY: 1, DATA: 2, FLAGS: 3, TIMEOUT: 4, EXPIRATION: 5, USERDATA: 6, KEY_END: 10 } as const;
export const ELEMENT_F_INTERVAL_END = 1;
export const ELEMENT_F_CATCHALL = 2;

export const LIST_ELEM = 1;
export const DATA = { VALUE: 1, VERDICT: 2 } as const;
export const DATA_VERDICT = 0xffffff00;
export const VERDICT = { CODE: 1, CHAIN: 2 } as const;
export const VERDICT_CODES = { drop: 0, accept: 1, continue: -1, jump: -3, goto: -4, return: -5 } as const;

export const GEN = { ID: 1, PROC_PID: 2, PROC_NAME: 3 } as const;

export const EXPR = { NAME: 1, DATA: 2 } as const;

/** The register a verdict goes to; the others hold 16 bytes each, or 4 under their other numbering. */
export const REGISTER_VERDICT = 0;
export const REGISTER_1 = 1;
const REGISTER_32_00 = 8;

/** The number of the register that begins so many bytes after the first. */
export function registerAt(offset: number): number {
  return offset % 16 === 0 ? REGISTER_1 + offset / 16 : REGISTER_32_00 + offset / 4;
}
