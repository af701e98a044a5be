-- Roles without a superuser: the owner needs CREATEROLE once, on a server that doesn't have them yet.
DO $$
DECLARE
    role_name text;
    granted text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['nexapp_tenant', 'nexapp_system', 'nexapp_login'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role_name);
        END IF;
    END LOOP;

    IF (SELECT rolinherit FROM pg_roles WHERE rolname = 'nexapp_login')
       AND current_setting('server_version_num')::int < 160000 THEN
        EXECUTE 'ALTER ROLE nexapp_login NOINHERIT';
    END IF;

    FOREACH granted IN ARRAY ARRAY['nexapp_tenant', 'nexapp_system'] LOOP
        IF current_setting('server_version_num')::int >= 160000 THEN
            EXECUTE format('GRANT %I TO nexapp_login WITH INHERIT FALSE, SET TRUE', granted);
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT TRUE, SET TRUE', granted);
        ELSE
            EXECUTE format('GRANT %I TO nexapp_login', granted);
            EXECUTE format('GRANT %I TO CURRENT_USER', granted);
        END IF;
    END LOOP;
    -- With one address only, the application steps down from the owner to the login role.
    IF NOT pg_has_role(current_user, 'nexapp_login', 'MEMBER') THEN
        BEGIN
            EXECUTE 'GRANT nexapp_login TO CURRENT_USER';
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE 'the owner cannot step down to nexapp_login: LOGIN_DATABASE_URL is needed';
        END;
    END IF;
END
$$;

CREATE EXTENSION IF NOT EXISTS btree_gist;

GRANT USAGE ON SCHEMA public TO nexapp_tenant, nexapp_system, nexapp_login;
