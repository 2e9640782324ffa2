-- The two roles and the database, run once by a superuser in template1 (and so inherited by the
-- databases that the tests create). On a server of your own, give both roles a password.
-- Statements end with a semicolon and an empty line: the single-user server reads them so.

-- Owns the tables and runs the migrations; CREATEDB is for the tests.
CREATE ROLE sayr_owner LOGIN CREATEDB NOSUPERUSER NOCREATEROLE;

-- The application. No right to create anything: PostgreSQL 15 and newer give it none.
CREATE ROLE sayr_app LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE;

ALTER DEFAULT PRIVILEGES FOR ROLE sayr_owner
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO sayr_app;

ALTER DEFAULT PRIVILEGES FOR ROLE sayr_owner
  GRANT USAGE, SELECT ON SEQUENCES TO sayr_app;

CREATE DATABASE sayr OWNER sayr_owner;

