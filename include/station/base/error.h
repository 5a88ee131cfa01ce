/* error.h - the one table of errors of libstation.
 * A result is 0 (or a count) on success, or one of these negative codes. Codes travel in refusals
 * between stations and in the control API, so a number never changes its meaning; new rows go to
 * the end. A code passes upward untouched; the edge alone turns it into words and an exit code. */
#pragma once

#define ST_MUST __attribute__((warn_unused_result))

/*      name             number  Chinese                                  English */
#define ST_ERRORS(X)                                                                               \
	X(ST_ENOMEM, -1, "内存不足", "out of memory")                                              \
	X(ST_EFORMAT, -2, "库的格式不认识, 未作改动", "unknown store format; nothing was changed") \
	X(ST_EAHEAD, -3, "对方持有的比本站多", "the neighbour holds more of this log than we do")  \
	X(ST_ETOOBIG, -4, "超过长度上限", "larger than its limit")                                 \
	X(ST_EBUSY, -5, "正忙, 请稍后再试", "busy; try again later")                               \
	X(ST_EWIRE, -6, "报文格式错误", "malformed message")                                       \
	X(ST_ENOTFOUND, -7, "没有找到", "not found")                                               \
	X(ST_EEXIST, -8, "已经存在", "exists already")                                             \
	X(ST_ESEQ, -9, "序号不连续", "out of sequence")                                            \
	X(ST_EROOT, -10, "日志根与签名的检查点不符", "the log's root is not the signed one")       \
	X(ST_ESIGNATURE, -11, "签名验证不通过", "a signature doesn't verify")                      \
	X(ST_ECHAIN, -12, "证书链不能追溯到市根密钥", "the certificate chain doesn't reach the city's root") \
	X(ST_ESUBTREE, -13, "来源站不在发送方的下级之内", "the origin isn't in the sender's subtree") \
	X(ST_EREVOKED, -14, "密钥已吊销", "the key is revoked")                                    \
	X(ST_EFORKED, -15, "本站日志与上级所持不一致, 已停止签名", "this log differs from what the parent holds; signing has stopped") \
	X(ST_EFULL, -16, "磁盘已满: 写入暂停, 查询照常", "the disk is full: writes wait, reads go on") \
	X(ST_EIO, -17, "磁盘读写错误", "disk input/output error")                                  \
	X(ST_ECORRUPT, -18, "库内数据损坏", "stored data is damaged")                              \
	X(ST_ELOCKED, -19, "另一个守护进程正在使用该目录", "another daemon uses this directory")   \
	X(ST_ENEWER, -20, "库由更新的版本写成, 请升级程序", "the store was written by a newer version; upgrade") \
	X(ST_EFIELD, -21, "字段不合要求", "a field isn't right")                                   \
	X(ST_EMOVE, -22, "当前状态不允许此操作", "the record's state doesn't allow this move")     \
	X(ST_EHOLDER, -23, "只有持有站可以办理", "only the holder may do this")                    \
	X(ST_EORIGIN, -24, "来源站未登记", "the origin isn't enrolled")                            \
	X(ST_EEXPIRED, -25, "已过期", "expired")                                                   \
	X(ST_EUSED, -26, "邀请码已用过", "the invite has been used")                               \
	X(ST_EVERSION, -27, "对方版本不兼容", "the neighbour's version doesn't fit")               \
	X(ST_ECREDIT, -28, "超出上级给的额度", "sent beyond the credit granted")                   \
	X(ST_ENOSTATION, -29, "本站尚未建站或加入", "this station isn't set up yet: init or join")  \
	X(ST_EUSAGE, -30, "用法不对", "wrong usage")                                               \
	X(ST_EUNREAD, -31, "此版本读不懂该事件", "this version can't read the event")              \
	X(ST_ESTATE, -32, "此时不该有这个报文", "not expected in this state of the link")           \
	X(ST_ENOPARENT, -33, "没有上级", "there is no parent")                                     \
	X(ST_ECLOSED, -34, "该日志已经终止", "this log has ended")                                 \
	X(ST_EEPOCH, -35, "日志的新一期未经上级认可", "the log's new epoch isn't admitted")        \
	X(ST_ESILENT, -36, "上级没有应答", "the parent doesn't answer")                            \
	X(ST_EADDRESS, -37, "上级地址连不上", "the parent's address can't be reached")             \
	X(ST_EINVITE, -38, "上级地址不接纳此邀请码: 已过期, 用过, 或已被新的取代, 或该地址不是上级站; 请向上级站另要一个", \
	  "the parent's address doesn't let this invite in: it is expired, used, or replaced by a newer one, or another's address; ask the station above for another") \
	X(ST_EKIND, -40, "这条记录是另一类", "that record is of another kind")                     \
	X(ST_ESOURCE, -41, "这些编号已从另一来源导入, 如是同一来源请用 --source 写明, 否则另起一名", \
	  "these numbers came from another source before: give its name with --source, or a new one")                                \
	X(ST_ERULE, -50, "规定不允许", "a rule forbids it")                                        \
	X(ST_EVOTE, -51, "票决未成, 不能公布结果", "the vote has no result that could be declared") \
	X(ST_EJOINED, -60, "该件已并入另一件: 请并入箭头所指的那一件", "that one has been merged: join the one behind the arrow") \
	X(ST_EENDED, -61, "要并入的一件已经结束: 请先重开它, 或单独办理本件", "the one to join has ended: reopen it first, or handle this one by itself") \
	X(ST_EHEAD, -63, "寄件声明比已有的旧, 或与所说的事件不符",                                    \
	  "the writer's head is older than what is here, or fits no event")                            \
	X(ST_EITSELF, -62, "一条记录不能指向它自己", "a record can't refer to itself")              \
	X(ST_EERASED, -64, "这条记录已没有可抹除的正文或个人信息", "nothing is left of that record that could be erased") \
	X(ST_EABOVE, -65, "只有在办站 (或收件站) 的上级站可以这样做",                              \
	  "only a station above the one that has it, or is to have it, may do this")               \
	X(ST_EENTERED, -66, "已在本站登记: 请更新 (amend) 所指的那一条, 不另登记",                  \
	  "entered at this station already: amend that record instead")                            \
	X(ST_ELIBRARY, -70, "缺少程序库 libcurl.so.4, 请安装 libcurl4", "the library libcurl.so.4 is missing: install libcurl4") \
	X(ST_EPRESSED, -71, "让急件先行, 稍后重做", "made way for what is more urgent, and is done again")

enum st_error {
#define X(name, number, zh, en) name = (number),
	ST_ERRORS(X)
#undef X
};

enum st_lang { ST_ZH, ST_EN };

/* The text of a code in one language; never NULL. */
const char *st_error_text(int code, enum st_lang lang);
/* Why a file can't be opened, read or written: errno's word, by people. For others strerror's. */
const char *st_file_error_text(int error, enum st_lang lang);
/* The symbol of a code, e.g. "ESEQ", as logs, counters and JSON show it; never NULL. */
const char *st_error_name(int code);
