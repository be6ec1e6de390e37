/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * m3ua_roles - the words of RFC 4666 that configuration, state machines and logs share.
 */
#ifndef SIGTRAN_FSM_M3UA_ROLES_H
#define SIGTRAN_FSM_M3UA_ROLES_H

/* Our own role on an association (RFC4666-1.4, 1.5). Of two IPSPs one exchange serves both, or each
 * does its own (RFC4666-4.3.4.1.2). */
enum asp_role { ASP_ROLE_ASP, ASP_ROLE_SG, ASP_ROLE_IPSP };
enum ipsp_exchange { IPSP_EXCHANGE_SINGLE, IPSP_EXCHANGE_DOUBLE };

/* Traffic Mode Type, with its values on the wire (RFC4666-3.7.1). */
enum as_traffic_mode { AS_MODE_OVERRIDE = 1, AS_MODE_LOADSHARE = 2, AS_MODE_BROADCAST = 3 };

#endif
