-- demo.sql: a small campus to try the chat with. Idempotent: a second run changes nothing, and rows that somebody has
-- changed meanwhile stay as they are. The guide's ids work as written: people 123 and 456, group 789 with both as members,
-- message 999 (from 456 to 123). Nobody here can log in: the password hashes are no hashes.

SET NAMES utf8mb4;

INSERT IGNORE INTO usuarios
	(id, correo_institucional, hash_contrasena, nombre, apellido_paterno, apellido_materno, fecha_nacimiento, rol, estado)
VALUES
	(101, 'maria.hernandez@upred.example', '!demo', 'María', 'Hernández', 'Ruiz', '2000-01-10', 'moderador', 'activo'),
	(102, 'jose.nunez@upred.example', '!demo', 'José', 'Núñez', 'Ávila', '2001-02-11', 'estudiante', 'activo'),
	(103, 'sofia.ramirez@upred.example', '!demo', 'Sofía', 'Ramírez', 'Cruz', '2002-03-12', 'estudiante', 'activo'),
	(104, 'diego.morales@upred.example', '!demo', 'Diego', 'Morales', 'Peña', '2003-04-13', 'estudiante', 'activo'),
	(105, 'valeria.castillo@upred.example', '!demo', 'Valeria', 'Castillo', 'Ibáñez', '2004-05-14', 'estudiante', 'activo'),
	(106, 'angel.ordonez@upred.example', '!demo', 'Ángel', 'Ordóñez', NULL, '2005-06-15', 'estudiante', 'activo'),
	(107, 'lucia.mendez@upred.example', '!demo', 'Lucía', 'Méndez', 'Solís', '2000-07-16', 'estudiante', 'activo'),
	(108, 'mateo.jimenez@upred.example', '!demo', 'Mateo', 'Jiménez', 'Lara', '2001-08-17', 'estudiante', 'activo'),
	(123, 'ana.garcia@upred.example', '!demo', 'Ana', 'García', 'López', '2002-09-18', 'estudiante', 'activo'),
	(456, 'luis.martinez@upred.example', '!demo', 'Luis', 'Martínez', 'Sánchez', '2003-01-19', 'estudiante', 'activo'),
	(457, 'carla.dominguez@upred.example', '!demo', 'Carla', 'Domínguez', 'Vega', '2004-02-10', 'estudiante', 'activo'),
	(458, 'pedro.suspendido@upred.example', '!demo', 'Pedro', 'Guzmán', 'Ríos', '2005-03-11', 'estudiante', 'suspendido');

INSERT IGNORE INTO grupos (id, nombre, descripcion, privacidad, usuario_dueno_id)
VALUES
	(789, 'Ingeniería en Software 4°A', 'Avisos, tareas y dudas del grupo', 'privado', 123),
	(790, 'Proyecto Integrador', 'Equipo de cinco: entregas y acuerdos', 'privado', 101),
	(791, 'Fútbol los jueves ⚽', 'Cancha 2, 18:00', 'publico', 456);

INSERT IGNORE INTO miembros_grupo (grupo_id, usuario_id, rol_miembro, estado_membresia, unido_en)
VALUES
	(789, 123, 'dueno', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(789, 456, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(789, 101, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(789, 102, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(789, 103, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(789, 457, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(790, 101, 'dueno', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(790, 123, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(790, 103, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(790, 105, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(790, 107, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(791, 456, 'dueno', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(791, 102, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(791, 104, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(791, 106, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(791, 108, 'miembro', 'activo', CURRENT_TIMESTAMP - INTERVAL 30 DAY),
	(790, 104, 'miembro', 'pendiente', CURRENT_TIMESTAMP - INTERVAL 1 DAY),
	(791, 101, 'miembro', 'salio', CURRENT_TIMESTAMP - INTERVAL 20 DAY);

-- rooms carry the uuid that the product itself would give them (shared/WIRE.md, identities)
INSERT IGNORE INTO salas_chat (sala_uuid, tipo_sala, usuario_a_id, usuario_b_id, grupo_id, creado_en, actualizado_en)
VALUES
	('c8227985-7231-5536-858e-8217348da21c', 'directo', 123, 456, NULL, CURRENT_TIMESTAMP - INTERVAL 2 DAY, CURRENT_TIMESTAMP - INTERVAL 1 HOUR),
	('7494639c-c901-5765-a6c7-1e8df8902672', 'directo', 101, 123, NULL, CURRENT_TIMESTAMP - INTERVAL 2 DAY, CURRENT_TIMESTAMP - INTERVAL 1 HOUR),
	('5adbaed6-2eae-5772-8490-a1b5e57789c9', 'directo', 123, 457, NULL, CURRENT_TIMESTAMP - INTERVAL 2 DAY, CURRENT_TIMESTAMP - INTERVAL 1 HOUR),
	('469d697c-9be4-597b-a7d3-fad4537c58f3', 'grupal', NULL, NULL, 789, CURRENT_TIMESTAMP - INTERVAL 2 DAY, CURRENT_TIMESTAMP - INTERVAL 1 HOUR),
	('4ae37883-9346-5abb-9ff2-9758d2fbca2a', 'grupal', NULL, NULL, 790, CURRENT_TIMESTAMP - INTERVAL 2 DAY, CURRENT_TIMESTAMP - INTERVAL 1 HOUR);

INSERT IGNORE INTO mensajes (id, mensaje_uuid, sala_chat_id, remitente_id, tipo_mensaje, contenido, enviado_en)
SELECT h.id, h.mensaje_uuid, s.id, h.remitente_id, 'texto', h.contenido, CURRENT_TIMESTAMP - INTERVAL h.hace MINUTE
FROM (
	SELECT 981 AS id, '9df83ce6-96b8-588f-b8fa-1a1a49e53934' AS mensaje_uuid, '7494639c-c901-5765-a6c7-1e8df8902672' AS sala_uuid, 101 AS remitente_id, 2880 AS hace,
		'Bienvenida al chat de UPRed, Ana 👋' AS contenido
	UNION ALL SELECT 982, '74289468-73b7-566f-a8fa-1d2a35ec4f81', '7494639c-c901-5765-a6c7-1e8df8902672', 123, 2870,
		'¡Gracias! Se ve muy bien.'
	UNION ALL SELECT 983, 'f0e2ce12-d8d7-50c7-9f48-ffc298637ecd', '4ae37883-9346-5abb-9ff2-9758d2fbca2a', 101, 2700,
		'La entrega del avance es el viernes a las 12:00.'
	UNION ALL SELECT 984, '1c37418a-0f75-5749-9b9a-ef42356e71cc', '4ae37883-9346-5abb-9ff2-9758d2fbca2a', 103, 2690,
		'Yo llevo los diagramas.'
	UNION ALL SELECT 985, 'da38752c-4636-55c5-806c-9d2c444ccc1d', '4ae37883-9346-5abb-9ff2-9758d2fbca2a', 123, 2685,
		'Perfecto, subo el informe hoy.'
	UNION ALL SELECT 986, 'de7f44dd-d4c0-5ca8-a27c-4e9dee324906', '469d697c-9be4-597b-a7d3-fad4537c58f3', 123, 1500,
		'Mañana la clase es en el laboratorio 3.'
	UNION ALL SELECT 987, '753421c9-91f0-5913-8074-a2dea1f1fd49', '469d697c-9be4-597b-a7d3-fad4537c58f3', 456, 1490,
		'¿A qué hora?'
	UNION ALL SELECT 988, '81aa13fa-f62d-52c9-8891-3686000ff5bc', '469d697c-9be4-597b-a7d3-fad4537c58f3', 123, 1488,
		'A las 8, llevar laptop 💻'
	UNION ALL SELECT 989, '64d7b556-865c-52c6-b95f-68a60ab2c400', '5adbaed6-2eae-5772-8490-a1b5e57789c9', 457, 1300,
		'¿Tienes los apuntes de "Bases de Datos"?'
	UNION ALL SELECT 996, 'a00cf3ce-8b70-58fb-849f-d357e47a7fd9', 'c8227985-7231-5536-858e-8217348da21c', 456, 90,
		'Hola Ana, ¿ya viste el aviso?'
	UNION ALL SELECT 997, 'e2852417-b5e5-5f0d-af0e-5ed5f0ff42a4', 'c8227985-7231-5536-858e-8217348da21c', 123, 88,
		'Sí, ahorita lo leo.'
	UNION ALL SELECT 998, 'e5cd01ff-20af-5338-98c6-5d03b533870c', 'c8227985-7231-5536-858e-8217348da21c', 456, 70,
		'Va. ¿Vamos a comer a la 1?'
	UNION ALL SELECT 999, '730943dc-c891-5da8-b593-da51098947e2', 'c8227985-7231-5536-858e-8217348da21c', 456, 62,
		'Te espero en la cafetería ☕'
) h JOIN salas_chat s ON s.sala_uuid = CONVERT(h.sala_uuid USING utf8mb4) COLLATE utf8mb4_unicode_ci;

-- recipient rows as the companion writes them: one per other member; what is older than a day has been read
INSERT IGNORE INTO destinatarios_mensaje (mensaje_id, destinatario_id, entregado_en, leido_en, creado_en)
SELECT m.id, p.usuario_id, IF(m.enviado_en < CURRENT_TIMESTAMP - INTERVAL 1 DAY, m.enviado_en, NULL),
	IF(m.enviado_en < CURRENT_TIMESTAMP - INTERVAL 1 DAY, m.enviado_en, NULL), m.enviado_en
FROM mensajes m JOIN (
	SELECT id AS sala_id, usuario_a_id AS usuario_id FROM salas_chat WHERE tipo_sala = 'directo' AND usuario_a_id IS NOT NULL
	UNION SELECT id, usuario_b_id FROM salas_chat WHERE tipo_sala = 'directo' AND usuario_b_id IS NOT NULL
	UNION SELECT s.id, g.usuario_id FROM salas_chat s JOIN miembros_grupo g ON g.grupo_id = s.grupo_id
		AND g.estado_membresia = 'activo' WHERE s.tipo_sala = 'grupal'
) p ON p.sala_id = m.sala_chat_id AND p.usuario_id <> m.remitente_id
WHERE m.mensaje_uuid IN (
	'9df83ce6-96b8-588f-b8fa-1a1a49e53934',
	'74289468-73b7-566f-a8fa-1d2a35ec4f81',
	'f0e2ce12-d8d7-50c7-9f48-ffc298637ecd',
	'1c37418a-0f75-5749-9b9a-ef42356e71cc',
	'da38752c-4636-55c5-806c-9d2c444ccc1d',
	'de7f44dd-d4c0-5ca8-a27c-4e9dee324906',
	'753421c9-91f0-5913-8074-a2dea1f1fd49',
	'81aa13fa-f62d-52c9-8891-3686000ff5bc',
	'64d7b556-865c-52c6-b95f-68a60ab2c400',
	'a00cf3ce-8b70-58fb-849f-d357e47a7fd9',
	'e2852417-b5e5-5f0d-af0e-5ed5f0ff42a4',
	'e5cd01ff-20af-5338-98c6-5d03b533870c',
	'730943dc-c891-5da8-b593-da51098947e2');
