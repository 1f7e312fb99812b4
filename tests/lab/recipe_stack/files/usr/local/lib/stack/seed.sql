-- Two sites' databases, with something worth a backup in each.
CREATE ROLE app LOGIN;
CREATE ROLE circuit_sage_user LOGIN SUPERUSER;
CREATE DATABASE sira OWNER app;
CREATE DATABASE circuit_sage_db OWNER circuit_sage_user;
\connect sira
SET ROLE app;
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE items (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers, says text NOT NULL);
CREATE TABLE jobs_done (id bigserial PRIMARY KEY, job text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE visits (id bigserial PRIMARY KEY, path text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO customers (id, name) SELECT n, 'customer ' || n FROM generate_series(1, 2000) n;
INSERT INTO items SELECT n, 1 + n % 2000, repeat('item ' || n || ' ', 8) FROM generate_series(1, 8000) n;
\connect circuit_sage_db
SET ROLE circuit_sage_user;
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE items (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers, says text NOT NULL);
CREATE TABLE jobs_done (id bigserial PRIMARY KEY, job text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE visits (id bigserial PRIMARY KEY, path text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO customers (id, name) SELECT n, 'company ' || n FROM generate_series(1, 500) n;
INSERT INTO items SELECT n, 1 + n % 500, repeat('location ' || n || ' ', 8) FROM generate_series(1, 2000) n;
