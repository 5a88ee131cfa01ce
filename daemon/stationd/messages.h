/* messages.h - every line that stationd logs, in Chinese and English side by side.
 * One line says what happened, which station, and what to do. %1$s %2$s %3$s are a line's arguments. */
#pragma once
#include <station/base/error.h>

/* journald's levels, as sd-daemon(3) writes them before a line. */
enum level { LEVEL_ERR = 3, LEVEL_WARNING = 4, LEVEL_NOTICE = 5, LEVEL_INFO = 6, LEVEL_DEBUG = 7 };

/*      id, level, Chinese, English */
#define MESSAGES(X)                                                                                \
	X(STARTED, NOTICE, "已启动, 控制套接字 %1$s", "ready, control socket %1$s")                 \
	X(UNSET, NOTICE, "尚未建站: 请用 stationctl init 或 join",                                  \
	  "not set up yet: run stationctl init or join")                                           \
	X(CONFIG_WRONG, ERR, "设置文件有误, 未采用, 原设置继续有效: %1$s",                          \
	  "the settings file is wrong and wasn't taken; the old settings stay: %1$s")              \
	X(CONFIG_TAKEN, NOTICE, "已采用设置文件: 日志级别和语言即时生效, 网上接收的令牌和密钥已重读; 其余设置须重启", \
	  "the settings file is taken: log level and language at once, the online intake's tokens and secret read again; the rest takes a restart") \
	X(STOPPED, NOTICE, "已停止", "stopped")                                                    \
	X(STORE_FAILED, ERR, "无法打开库 %1$s: %2$s", "can't open the store %1$s: %2$s")            \
	X(STORE_CORRUPT, ERR, "库 %1$s 内数据损坏, 不能启动: 请先复制留存, 再用 stationctl fsck 查看, 并从备份恢复", \
	  "the store %1$s is damaged, no start: keep a copy, look with stationctl fsck, and restore the backup") \
	X(STORE_BROKEN, ERR, "磁盘写入失败, 退出以免误认已存; 检查磁盘后重启",                      \
	  "the disk failed a commit; exiting rather than acknowledge it. Check the disk, then restart") \
	X(STORE_FULL, WARNING, "磁盘已满: 写入暂停, 查询照常; 请清理 %1$s 所在磁盘",                \
	  "the disk is full: writes wait, reads go on; free space under %1$s")                     \
	X(STORE_HEALED, NOTICE, "磁盘已有空间, 恢复写入", "the disk has room again; writing")       \
	X(STORE_DAMAGED, ERR, "库内数据有损, 有操作因此被拒绝: 停下 stationd 后, stationctl fsck %1$s 说是哪里", \
	  "stored data is damaged, and something was refused for it: stop stationd, and stationctl fsck %1$s says where") \
	X(REFOLDING, NOTICE, "正由日志重算全部记录和计数, 已 %1$s 个事件; 重算完即启动",             \
	  "all records and tallies are being folded anew from the logs, %1$s events so far; starting when that is done") \
	X(REFOLDED, NOTICE, "记录和计数已由 %1$s 个事件重算", "records and tallies are folded anew from %1$s events") \
	X(DATA_FAILED, ERR, "无法使用 %1$s: %2$s; 请检查 data_dir 及其中文件的属主和权限, 是否为运行 stationd 的用户所有", \
	  "can't use %1$s: %2$s; check that data_dir and all in it belong to the user that stationd runs as") \
	X(KEYS_FAILED, ERR, "密钥文件 %1$s 不可用: %2$s; 请从备份恢复该文件后再启动", \
	  "the key file %1$s can't be used: %2$s; put it back from the backup, then start") \
	X(KEYS_OPEN, ERR, "密钥文件 %1$s 其他用户可读: 请 chmod 600 后再启动", \
	  "the key file %1$s can be read by others: chmod 600, then start") \
	X(KEYS_LOST, ERR, "缺少密钥文件 %1$s: %2$s 已建站, 不另生成密钥; 请从备份恢复该文件后再启动", \
	  "the key file %1$s is gone: %2$s is set up, and no other keys are drawn; put it back from the backup, then start") \
	X(KEYS_OTHER, ERR, "密钥文件 %1$s 不是 %2$s 的: 请从备份恢复本站的密钥文件后再启动", \
	  "the key file %1$s isn't that of %2$s: put this station's own back from the backup, then start") \
	X(SOCKET_FAILED, ERR, "无法监听控制套接字 %1$s: %2$s",                                      \
	  "can't listen on the control socket %1$s: %2$s")                                         \
	X(LISTEN_FAILED, ERR, "无法监听 %1$s: %2$s; 检查 listen 设置",                              \
	  "can't listen on %1$s: %2$s; check the setting listen")                                  \
	X(LISTENING, NOTICE, "在 %1$s 等候下级", "listening for children on %1$s")                  \
	X(ZAP_FAILED, ERR, "ZAP 自检失败: 陌生密钥未被拒绝, 停止启动",                              \
	  "the ZAP self-test failed: a stranger's key wasn't refused; not starting")               \
	X(UP_LINKED, NOTICE, "已连上级 %1$s", "linked to parent %1$s")                              \
	X(UP_LOST, NOTICE, "与上级 %1$s 的连接中断: %2$s; 会自动重连",                              \
	  "link to parent %1$s lost: %2$s; it will be tried again")                                \
	X(UP_PAUSED, NOTICE, "与上级 %1$s 的链路已暂停; 恢复请用 stationctl link resume",           \
	  "the link to parent %1$s is paused; stationctl link resume lets it go on")               \
	X(UP_NONSENSE, WARNING, "上级 %1$s 的应答不可用: %2$s; 本站照常工作, 数据不动",             \
	  "parent %1$s answers nonsense: %2$s; this station works on, nothing was changed")        \
	X(HALTED, ERR, "上级持有本站自己的另一份或更长的日志 (%1$s): 已停止签名; 请联系上级核实",   \
	  "the parent holds another or a longer log of this very station (%1$s): signing has stopped; ask the parent") \
	X(CHILD_LINKED, NOTICE, "下级 %1$s 已连接", "child %1$s linked")                            \
	X(CHILD_SILENT, NOTICE, "下级 %1$s 没有声音了", "child %1$s has gone silent")               \
	X(CHILD_JOINED, NOTICE, "下级 %1$s 已加入", "child %1$s has joined")                        \
	X(REFUSED, WARNING, "拒绝 %1$s 的报文: %2$s (%3$s)", "refused from %1$s: %2$s (%3$s)")      \
	X(REFILLING, WARNING, "本站所持比自己签过的收据少: 正由下级补齐 %1$s 份日志",               \
	  "this station holds less than it had receipted: %1$s logs are being refilled from below") \
	X(SKEWED, WARNING, "本站时钟与上级相差 %1$s 秒, 请校时",                                    \
	  "this clock differs from the parent's by %1$s s; set it")                                \
	X(HEADS_MISSING, WARNING, "站点 %1$s 发给本站的事件缺 %2$s 个, 自 %3$s 的声明可知: 可能被上级扣下; 见 stationctl status", \
	  "%2$s events of %1$s to this station are missing, after %3$s by its head: somebody above may hold them back; see stationctl status") \
	X(HEADS_WHOLE, NOTICE, "站点 %1$s 发给本站的事件已经补齐", "nothing of %1$s to this station is missing any more") \
	X(HEADS_SILENT, WARNING, "站点 %1$s 自 %2$s 起没有新的寄件声明: 它停了, 或被上级扣下",       \
	  "%1$s has sent no fresh head since %2$s: it has stopped, or somebody above holds it back")   \
	X(WORKDAYS_END, WARNING, "工作日表只到 %1$s: 请发布下一年的表 (stationctl city set workdays.csv); 此后的期限和四定按周一至周五计", \
	  "the table of working days ends at %1$s: issue the next year's (stationctl city set workdays.csv); behind it due days and schedules go by Monday to Friday") \
	X(ONLINE_OPEN, NOTICE, "线上接单: 在 %1$s 等候留言", "online intake: waiting for messages on %1$s") \
	X(ONLINE_FAILED, ERR, "线上接单未开: %1$s: %2$s; 其余照常",                                 \
	  "online intake isn't open: %1$s: %2$s; everything else goes on")                         \
	X(ONLINE_FILE, ERR, "文件 %1$s 不可用: %2$s; 原有的继续有效",                               \
	  "the file %1$s can't be used: %2$s; what was read before stays")                         \
	X(HOOK_FAILED, WARNING, "办理结果未能送达 %1$s: %2$s; 会再送",                              \
	  "%1$s didn't take a result: %2$s; it will be sent again")                                \
	X(HOOK_TAKEN, NOTICE, "%1$s 恢复接收办理结果", "%1$s takes results again")

enum message {
#define X(id, level, zh, en) SAY_##id,
	MESSAGES(X)
#undef X
	SAY_COUNT
};
