/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-responder - the charging application that answers pulse7-simulator, or any other SSF.
 */
#include "config/language/startup.h"
#include "responder/application.h"

int main(int argc, char **argv)
{
    struct startup startup;
    int code;
    if (startup_begin(&startup, SETTINGS_FOR_RESPONDER, argc, argv, &code))
        code = application_execute(startup.settings, &startup.options);
    startup_end(&startup);
    return code;
}
