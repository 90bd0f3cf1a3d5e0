-- grants.sql: the database user of upred-api, with what the product needs and nothing more: SELECT, INSERT, UPDATE.
-- Run it as an administrator inside the companion's database (USE upred_db). The user is made locked and without a
-- password; give it one and unlock it:
--   ALTER USER 'upred_push'@'localhost' IDENTIFIED BY '<a password of your own>' ACCOUNT UNLOCK;
-- Where MySQL checks passwords (validate_password) a user without one cannot be made: make it with its own first
-- (CREATE USER 'upred_push'@'localhost' IDENTIFIED BY '<a password of your own>'), and run the file then.
-- For a database on another machine replace localhost by the address of the web machine; for DB_HOST=127.0.0.1 and a server
-- with skip-name-resolve, by 127.0.0.1.

CREATE USER IF NOT EXISTS 'upred_push'@'localhost' ACCOUNT LOCK;

-- (of people what others see: no hash_contrasena)
GRANT SELECT (id, nombre, apellido_paterno, apellido_materno, correo_institucional, foto_perfil_url, estado)
	ON usuarios TO 'upred_push'@'localhost';
GRANT SELECT ON grupos TO 'upred_push'@'localhost';
GRANT SELECT ON miembros_grupo TO 'upred_push'@'localhost';
GRANT SELECT, INSERT, UPDATE ON salas_chat TO 'upred_push'@'localhost';
GRANT SELECT, INSERT, UPDATE ON mensajes TO 'upred_push'@'localhost';
GRANT SELECT, INSERT, UPDATE ON destinatarios_mensaje TO 'upred_push'@'localhost';
