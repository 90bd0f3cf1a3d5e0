-- indexes.sql: optional, additive indexes; each with the query it serves. May be run again; drops nothing.
-- Without them everything works up to some 500,000 messages; beyond, the list of rooms and the unread counts take seconds, and
-- are unavailable to who has very many. Running handlers go by the first from their
-- next connection on (systemctl reload upred-api-fcgi upred-api-bus). Written without
-- "ADD INDEX IF NOT EXISTS", which MySQL does not know.

-- An ALTER that waits for somebody's open transaction holds up everybody behind it. After 5 s it gives up (error 1205): run the
-- file again when that transaction has ended.
SET SESSION lock_wait_timeout = 5;

-- 1. mensajes (sala_chat_id, id, eliminado_en). Serves history and the polling page, in id order and without sorting:
--      SELECT … FROM mensajes WHERE sala_chat_id = ? AND id < ? ORDER BY id DESC LIMIT 50
--    and, from the index alone, what is new in each of my rooms and the newest message of each:
--      SELECT id FROM mensajes WHERE sala_chat_id = ? AND id > ? AND eliminado_en IS NULL ORDER BY id LIMIT 300
--    The companion's index on (sala_chat_id, enviado_en) is in time order.
SET @sql = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()
	AND table_name = 'mensajes' AND index_name = 'upred_mensajes_sala_id') > 0, 'DO 0',
	'ALTER TABLE mensajes ADD INDEX upred_mensajes_sala_id (sala_chat_id, id, eliminado_en)');
PREPARE upred_add FROM @sql;
EXECUTE upred_add;
DEALLOCATE PREPARE upred_add;

-- 2. destinatarios_mensaje (destinatario_id, leido_en, mensaje_id). Serves the unread counts:
--      SELECT COUNT(*) FROM destinatarios_mensaje d JOIN mensajes m … WHERE d.destinatario_id = ? AND d.leido_en IS NULL
--    which otherwise reads every message that the person ever received.
SET @sql = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()
	AND table_name = 'destinatarios_mensaje' AND index_name = 'upred_destinatarios_no_leidos') > 0, 'DO 0',
	'ALTER TABLE destinatarios_mensaje ADD INDEX upred_destinatarios_no_leidos (destinatario_id, leido_en, mensaje_id)');
PREPARE upred_add FROM @sql;
EXECUTE upred_add;
DEALLOCATE PREPARE upred_add;

-- 3. salas_chat (usuario_b_id), where no index begins with it. Serves the list of my rooms:
--      SELECT … FROM salas_chat WHERE usuario_b_id = ?
--    Normally the foreign key has brought one along.
SET @sql = IF((SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()
	AND table_name = 'salas_chat' AND column_name = 'usuario_b_id' AND seq_in_index = 1) > 0, 'DO 0',
	'ALTER TABLE salas_chat ADD INDEX upred_salas_usuario_b (usuario_b_id)');
PREPARE upred_add FROM @sql;
EXECUTE upred_add;
DEALLOCATE PREPARE upred_add;
