-- setup_database.sql: the chat part of the companion's schema, for a database that has nothing yet.
-- Creates only what is missing; drops and changes nothing; may be run again. Run it inside the database (USE upred_db).
-- The product itself needs no table of its own: these are the companion's, and its own columns beyond these do no harm when
-- they have a default or allow NULL.

SET NAMES utf8mb4;

CREATE TABLE IF NOT EXISTS usuarios (
	id BIGINT NOT NULL AUTO_INCREMENT,
	correo_institucional VARCHAR(255) NOT NULL,
	hash_contrasena TEXT NOT NULL,
	nombre VARCHAR(80) NOT NULL,
	apellido_paterno VARCHAR(80) NOT NULL,
	apellido_materno VARCHAR(80) NULL,
	fecha_nacimiento DATE NULL,
	foto_perfil_url TEXT NULL,
	rol ENUM('estudiante','moderador','administrador') NOT NULL DEFAULT 'estudiante',
	estado ENUM('activo','suspendido','eliminado') NOT NULL DEFAULT 'activo',
	ultima_conexion_en DATETIME NULL,
	creado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	actualizado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
	eliminado_en DATETIME NULL,
	PRIMARY KEY (id),
	UNIQUE KEY correo_institucional (correo_institucional)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS grupos (
	id BIGINT NOT NULL AUTO_INCREMENT,
	nombre VARCHAR(120) NOT NULL,
	descripcion TEXT NULL,
	carrera_id BIGINT NULL,
	privacidad ENUM('publico','privado') NOT NULL DEFAULT 'publico',
	usuario_dueno_id BIGINT NOT NULL,
	foto_grupo_url TEXT NULL,
	creado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	actualizado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
	PRIMARY KEY (id),
	UNIQUE KEY uq_grupos_nombre_carrera (nombre, carrera_id),
	KEY idx_grupos_dueno (usuario_dueno_id),
	CONSTRAINT fk_grupos_dueno FOREIGN KEY (usuario_dueno_id) REFERENCES usuarios (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS miembros_grupo (
	grupo_id BIGINT NOT NULL,
	usuario_id BIGINT NOT NULL,
	rol_miembro ENUM('dueno','admin','miembro') NOT NULL DEFAULT 'miembro',
	estado_membresia ENUM('pendiente','activo','rechazado','salio') NOT NULL DEFAULT 'activo',
	unido_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	salio_en DATETIME NULL,
	PRIMARY KEY (grupo_id, usuario_id),
	KEY idx_miembros_usuario (usuario_id),
	CONSTRAINT fk_miembros_grupo FOREIGN KEY (grupo_id) REFERENCES grupos (id) ON DELETE CASCADE,
	CONSTRAINT fk_miembros_usuario FOREIGN KEY (usuario_id) REFERENCES usuarios (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS salas_chat (
	id BIGINT NOT NULL AUTO_INCREMENT,
	sala_uuid VARCHAR(36) NOT NULL,
	tipo_sala ENUM('directo','grupal') NOT NULL,
	usuario_a_id BIGINT NULL,
	usuario_b_id BIGINT NULL,
	grupo_id BIGINT NULL,
	creado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	actualizado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
	PRIMARY KEY (id),
	UNIQUE KEY sala_uuid (sala_uuid),
	KEY idx_salas_tipo (tipo_sala),
	KEY idx_salas_usuarios (usuario_a_id, usuario_b_id),
	KEY idx_salas_usuario_b (usuario_b_id),
	KEY idx_salas_grupo (grupo_id),
	CONSTRAINT fk_salas_usuario_a FOREIGN KEY (usuario_a_id) REFERENCES usuarios (id) ON DELETE CASCADE,
	CONSTRAINT fk_salas_usuario_b FOREIGN KEY (usuario_b_id) REFERENCES usuarios (id) ON DELETE CASCADE,
	CONSTRAINT fk_salas_grupo FOREIGN KEY (grupo_id) REFERENCES grupos (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS mensajes (
	id BIGINT NOT NULL AUTO_INCREMENT,
	mensaje_uuid VARCHAR(36) NOT NULL,
	sala_chat_id BIGINT NOT NULL,
	remitente_id BIGINT NOT NULL,
	tipo_mensaje ENUM('texto','imagen','archivo','audio','sistema') NOT NULL DEFAULT 'texto',
	contenido TEXT NULL,
	url_archivo TEXT NULL,
	datos_archivo MEDIUMBLOB NULL,
	metadatos JSON NULL,
	enviado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	editado_en DATETIME NULL,
	eliminado_en DATETIME NULL,
	PRIMARY KEY (id),
	UNIQUE KEY mensaje_uuid (mensaje_uuid),
	KEY idx_mensajes_sala_fecha (sala_chat_id, enviado_en DESC),
	KEY idx_mensajes_remitente (remitente_id),
	CONSTRAINT fk_mensajes_sala FOREIGN KEY (sala_chat_id) REFERENCES salas_chat (id) ON DELETE CASCADE,
	CONSTRAINT fk_mensajes_remitente FOREIGN KEY (remitente_id) REFERENCES usuarios (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS destinatarios_mensaje (
	mensaje_id BIGINT NOT NULL,
	destinatario_id BIGINT NOT NULL,
	entregado_en DATETIME NULL,
	leido_en DATETIME NULL,
	creado_en DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	PRIMARY KEY (mensaje_id, destinatario_id),
	KEY idx_destinatarios_usuario (destinatario_id),
	CONSTRAINT fk_destinatarios_mensaje FOREIGN KEY (mensaje_id) REFERENCES mensajes (id) ON DELETE CASCADE,
	CONSTRAINT fk_destinatarios_usuario FOREIGN KEY (destinatario_id) REFERENCES usuarios (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
