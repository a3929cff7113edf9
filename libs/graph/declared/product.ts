import type { Container } from '#model';

/**
 * A port a well-known product listens on by default: for its clients, between its own replicas
 * (`peer`), or for people and health checks (`side`).
 */
export interface ProductPort {
  readonly port: number;
  readonly application: string;
  readonly role: 'client' | 'peer' | 'side';
}

/** The first port is the one clients use. Keys are words of image names, not of anybody's Services. */
const PRODUCTS: ReadonlyMap<string, readonly ProductPort[]> = new Map(
  Object.entries({
    postgres: [p(5432, 'postgresql')],
    postgresql: [p(5432, 'postgresql')],
    postgis: [p(5432, 'postgresql')],
    timescaledb: [p(5432, 'postgresql')],
    pgvector: [p(5432, 'postgresql')],
    spilo: [p(5432, 'postgresql'), p(8008, 'http', 'peer')],
    pgbouncer: [p(6432, 'postgresql'), p(5432, 'postgresql')],
    pgpool: [p(5432, 'postgresql'), p(9999, 'postgresql')],
    mysql: [p(3306, 'mysql')],
    mariadb: [p(3306, 'mysql'), p(4567, 'galera', 'peer')],
    percona: [p(3306, 'mysql'), p(4567, 'galera', 'peer')],
    mssql: [p(1433, 'mssql')],
    mongo: [p(27017, 'mongodb'), p(27017, 'mongodb', 'peer')],
    mongodb: [p(27017, 'mongodb'), p(27017, 'mongodb', 'peer')],
    redis: [p(6379, 'redis'), p(8001, 'http', 'side'), p(16379, 'redis', 'peer'), p(6379, 'redis', 'peer')],
    valkey: [p(6379, 'redis'), p(16379, 'redis', 'peer'), p(6379, 'redis', 'peer')],
    keydb: [p(6379, 'redis')],
    dragonfly: [p(6379, 'redis')],
    sentinel: [p(26379, 'redis')],
    memcached: [p(11211, 'memcached')],
    rabbitmq: [p(5672, 'amqp'), p(15672, 'http', 'side'), p(15692, 'http', 'side'), p(25672, 'erlang', 'peer'), p(4369, 'epmd', 'peer')],
    activemq: [p(61616, 'openwire'), p(8161, 'http', 'side')],
    artemis: [p(61616, 'openwire'), p(8161, 'http', 'side')],
    nats: [p(4222, 'nats'), p(8222, 'http', 'side'), p(6222, 'nats', 'peer')],
    kafka: [p(9092, 'kafka'), p(9101, 'jmx', 'side'), p(9997, 'jmx', 'side'), p(9093, 'kafka', 'peer')],
    redpanda: [p(9092, 'kafka'), p(9644, 'http', 'side'), p(33145, 'redpanda', 'peer')],
    zookeeper: [p(2181, 'zookeeper'), p(2888, 'zookeeper', 'peer'), p(3888, 'zookeeper', 'peer')],
    pulsar: [p(6650, 'pulsar'), p(8080, 'http', 'side')],
    mosquitto: [p(1883, 'mqtt')],
    emqx: [p(1883, 'mqtt'), p(18083, 'http', 'side'), p(4370, 'erlang', 'peer')],
    elasticsearch: [p(9200, 'http'), p(9300, 'elasticsearch', 'peer')],
    opensearch: [p(9200, 'http'), p(9300, 'opensearch', 'peer')],
    solr: [p(8983, 'http')],
    meilisearch: [p(7700, 'http')],
    typesense: [p(8108, 'http')],
    kibana: [p(5601, 'http')],
    logstash: [p(5044, 'beats'), p(9600, 'http')],
    cassandra: [p(9042, 'cassandra'), p(7000, 'cassandra', 'peer')],
    scylla: [p(9042, 'cassandra'), p(7000, 'cassandra', 'peer')],
    cockroach: [p(26257, 'postgresql'), p(26257, 'cockroach', 'peer')],
    clickhouse: [p(8123, 'http'), p(9000, 'clickhouse'), p(9009, 'clickhouse', 'peer')],
    influxdb: [p(8086, 'http')],
    neo4j: [p(7687, 'bolt'), p(7474, 'http', 'side')],
    couchdb: [p(5984, 'http')],
    couchbase: [p(8091, 'http')],
    etcd: [p(2379, 'grpc'), p(2380, 'etcd', 'peer')],
    consul: [p(8500, 'http'), p(8600, 'dns', 'side'), p(8301, 'serf', 'peer'), p(8300, 'consul', 'peer')],
    vault: [p(8200, 'http'), p(8201, 'vault', 'peer')],
    minio: [p(9000, 'http'), p(9001, 'http', 'side'), p(9000, 'http', 'peer')],
    keycloak: [p(8080, 'http'), p(7800, 'jgroups', 'peer')],
    grafana: [p(3000, 'http')],
    prometheus: [p(9090, 'http')],
    alertmanager: [p(9093, 'http'), p(9094, 'gossip', 'peer')],
    loki: [p(3100, 'http'), p(7946, 'gossip', 'peer')],
    tempo: [p(3200, 'http'), p(7946, 'gossip', 'peer')],
    mimir: [p(8080, 'http'), p(7946, 'gossip', 'peer')],
    pushgateway: [p(9091, 'http')],
    zipkin: [p(9411, 'http')],
    jaeger: [p(4317, 'grpc'), p(4318, 'http'), p(6831, 'jaeger'), p(14268, 'http'), p(14250, 'grpc'), p(16686, 'http', 'side'), p(14269, 'http', 'side')],
    statsd: [p(8125, 'statsd')],
    graphite: [p(2003, 'graphite')],
    nginx: [p(80, 'http')],
    httpd: [p(80, 'http')],
    caddy: [p(80, 'http')],
    haproxy: [p(80, 'http')],
    traefik: [p(80, 'http'), p(8080, 'http', 'side')],
    tomcat: [p(8080, 'http')],
    wordpress: [p(80, 'http')],
    nextcloud: [p(80, 'http')],
    drupal: [p(80, 'http')],
    smtp: [p(25, 'smtp')],
    postfix: [p(25, 'smtp')],
    exim: [p(25, 'smtp')],
    smtp4dev: [p(25, 'smtp'), p(80, 'http', 'side')],
    mailcatcher: [p(1025, 'smtp'), p(1080, 'http', 'side')],
    maildev: [p(1025, 'smtp'), p(1080, 'http', 'side')],
    mailhog: [p(1025, 'smtp'), p(8025, 'http', 'side')],
    mailpit: [p(1025, 'smtp'), p(8025, 'http', 'side')],
    openldap: [p(389, 'ldap')],
    registry: [p(5000, 'http')],
    hazelcast: [p(5701, 'hazelcast'), p(5701, 'hazelcast', 'peer')],
    localstack: [p(4566, 'http')],
    dynamodb: [p(8000, 'http')],
    selenium: [p(4444, 'http')],
    temporal: [p(7233, 'grpc')],
    qdrant: [p(6333, 'http'), p(6335, 'qdrant', 'peer')],
    weaviate: [p(8080, 'http')],
    milvus: [p(19530, 'grpc')],
    ollama: [p(11434, 'http')],
    pgadmin: [p(80, 'http')],
    adminer: [p(8080, 'http')],
    phpmyadmin: [p(80, 'http')],
    oracle: [p(1521, 'oracle')],
    trino: [p(8080, 'http')],
    flink: [p(6123, 'flink'), p(8081, 'http', 'side')],
    spark: [p(7077, 'spark')],
    php: [p(9000, 'fastcgi')],
    fpm: [p(9000, 'fastcgi')],
  }),
);

function p(port: number, application: string, role: ProductPort['role'] = 'client'): ProductPort {
  return { port, application, role };
}

const FPM: readonly ProductPort[] = [p(9000, 'fastcgi')];

// numbers nobody takes for a service of their own
const UNMISTAKABLE: readonly number[] = [2380, 2888, 3888, 4369, 6222, 7946, 8025, 8161, 8222, 9300, 9644, 14269, 15672, 15692, 16379, 16686, 18083, 25672, 33145];

/** Ports only peers, people and health checks of a well-known product use, with the ports of that product. */
export const SIDE_PORTS: ReadonlyMap<number, readonly ProductPort[]> = new Map(
  UNMISTAKABLE.flatMap((number) => {
    const product = [...PRODUCTS.values()].find((ports) => ports.some(({ port, role }) => port === number && role !== 'client'));
    return product === undefined ? [] : [[number, product] as const];
  }),
);

const ANSWERING: ReadonlySet<string> = new Set(['postgresql', 'mysql', 'mssql', 'mongodb', 'redis', 'memcached', 'oracle']);

const ASKING: ReadonlySet<string> = new Set(['pgbouncer', 'pgpool', 'sentinel']);

/** Whether a container keeps data and does nothing else: it answers, and calls nobody but its replicas. */
export function isDataStore(container: Container): boolean {
  return dataStoreOf(container) !== undefined;
}

/** What a data store speaks; undefined for whatever is none. */
export function dataStoreOf(container: Container): string | undefined {
  const [first] = productPorts(container);
  // `postgres-ha` is one, `orders-postgres` is somebody who uses one
  const own = PRODUCTS.get(imageWords(container)[0]?.replace(/\d+$/, '') ?? '');
  const isStore = first !== undefined && own?.[0] === first && ANSWERING.has(first.application) && !ASKING.has(imageWords(container)[0] ?? '');
  return isStore ? first.application : undefined;
}

interface ImageName {
  /** The last part of the repository, without registry, user and tag. */
  readonly name: string;
  readonly tag: string;
}

function imageName({ image }: Container): ImageName {
  const whole = image.toLowerCase().replace(/@.*$/, '');
  const colon = whole.lastIndexOf(':');
  const isTagged = colon > whole.lastIndexOf('/');
  const repository = isTagged ? whole.slice(0, colon) : whole;
  return { name: repository.slice(repository.lastIndexOf('/') + 1), tag: isTagged ? whole.slice(colon + 1) : '' };
}

/** The words of an image's name: `cp-zookeeper` has `cp` and `zookeeper`. */
export function imageWords(container: Container): readonly string[] {
  return imageName(container).name.split(/[^a-z0-9]+/);
}

/** The default ports of the product an image holds, empty for one nobody knows. */
export function productPorts(container: Container): readonly ProductPort[] {
  const { name: last, tag } = imageName(container);
  const whole = PRODUCTS.get(last);
  // a tag may say that there is no web server in it: only FastCGI
  if (/(?:^|[^a-z])fpm(?:[^a-z]|$)/.test(tag)) return FPM;
  if (whole !== undefined) return last === 'php' ? [] : whole;
  // cp-kafka, timescaledb-ha, bitnami/redis-cluster; an exporter, operator or proxy of a product is not that product
  const words = last.split(/[^a-z0-9]+/);
  if (words.some((word) => /^(?:exporter|operator|ui|manager|connect|client|backup|init|proxy|console|commander|insight|express|reloader|agent|adapter|cli|tools|rest|mirror|setup|migrations?|controller|sidecar)$/.test(word))) return [];
  for (const word of [...words, last.replace(/\d+$/, '')]) {
    const found = PRODUCTS.get(word.replace(/\d+$/, ''));
    if (found !== undefined) return found;
  }
  return [];
}
