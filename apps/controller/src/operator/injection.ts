export const OPERATOR_PORT = Symbol('OperatorPort');
export const OPERATOR_OPTIONS = Symbol('OperatorOptions');
