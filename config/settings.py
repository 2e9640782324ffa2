"""Django's settings, from the environment. config/deploy/README.md lists the variables."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from config import environment

BASE_DIR = environment.ROOT
PRODUCTION = environment.text("SAYR_ENVIRONMENT", "development") == "production"
# Which kind of process reads this: web, worker, or a command typed by a person.
PROCESS = environment.text("SAYR_PROCESS", "command")

SECRET_KEY = environment.required_in_production("SECRET_KEY", production=PRODUCTION)
# Fernet keys, newest first: the first encrypts, all decrypt.
SAYR_ENCRYPTION_KEYS = environment.words("SAYR_ENCRYPTION_KEYS") or [
    environment.required_in_production("SAYR_ENCRYPTION_KEYS", production=PRODUCTION)
]
DEBUG = environment.switch("DEBUG") and not PRODUCTION
ALLOWED_HOSTS = environment.words(
    "ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver"
)
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "tenants",
    "actions",
    "workflows",
    "django_jsonform",
    "django_q",
    "rest_framework",
    "rest_framework_api_key",
    "drf_spectacular",
    "axes",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    # Records to try workflows with; a host company has an app of its own.
    *([] if PRODUCTION else ["config.demo.company"]),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.web.no_store.NoStore",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.web.one_person.OnePerson",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": environment.database(PROCESS)}
# What the processes that execute runs use instead, once they are forked.
SAYR_WORKER_DATABASE = environment.database("worker")
# Migrations run as the database's owner and let this role in.
SAYR_APPLICATION_ROLE = environment.text("SAYR_APPLICATION_ROLE", "sayr_app")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
# Locked by person and address together: one attacker cannot lock a colleague out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_CLIENT_IP_CALLABLE = "config.client_address.client_address"
# As gunicorn has it: of them one person may only take a part.
SAYR_WEB_THREADS = environment.whole("SAYR_WEB_THREADS", 8)
# How many proxies of our own stand before the web application.
SAYR_TRUSTED_PROXIES = environment.whole("SAYR_TRUSTED_PROXIES", 0)
AXES_COOLOFF_TIME = 1  # hours
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False
LOGIN_URL = "admin:login"
# Where the login leads that came with no address, or with one of another site.
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "workflows" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = environment.text("TIME_ZONE", "Asia/Beirut")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_FINDERS = ["config.web.served_files.ServedFiles"]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Strict: no inline script or style, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
if PRODUCTION:
    SECURE_SSL_REDIRECT = environment.switch("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

EMAIL_HOST = environment.text("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = environment.whole("EMAIL_PORT", 25)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = environment.switch("EMAIL_USE_TLS")
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "sayr@localhost")

# django-q2 runs two clusters. This one is django-q2 as it comes: the chores (retention, figures).
# The runs have a cluster of their own, because a broker class takes every task of its cluster.
Q_CLUSTER = {
    "name": "tasks",
    # django-q2's own broker, which ticks for the schedules besides.
    "broker_class": "workflows.triggers.ticker.TickingBroker",
    "orm": "default",
    "workers": 1,
    "queue_limit": 1,
    "retry": 660,
    "timeout": 600,
    "max_attempts": 3,
    "save_limit": 100,
    "catch_up": False,  # a chore that was missed ten times is done once
    "poll": 1,
    "log_level": "WARNING",
    "ALT_CLUSTERS": {
        "runs": {
            "broker_class": "workflows.runtime.workers.broker.PumpBroker",
            "workers": environment.whole("SAYR_WORKERS", 2),
            "queue_limit": 1,  # one spare dispatcher is ready, so a replaced worker begins at once
            "recycle": 1_000_000,  # with 1, SIGTERM hangs for good; dispatchers end by themselves
            "timeout": 600,
            "retry": 660,
            "max_attempts": 1,
            "save_limit": -1,
            "scheduler": False,
            "log_level": "WARNING",
        }
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["workflows.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["workflows.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["workflows.api.json.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["workflows.api.json.StrictJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "workflows.api.problems.answer_problem",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sayr",
    "DESCRIPTION": "Fire events and read runs.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# What this product reads; unknown keys fail `manage.py check`.
SAYR: dict[str, Any] = {
    "RECORDS": "config.records.RECORDS",
    "EVENT_TYPES": "config.records.EVENT_TYPES",
    "ACTIONS": {
        "ALLOWED_PRIVATE_HOSTS": environment.words("SAYR_ALLOWED_PRIVATE_HOSTS"),
        "SANDBOX_URL": environment.text("SAYR_SANDBOX_URL", ""),
    },
    "LEASE_SECONDS": environment.whole("SAYR_LEASE_SECONDS", 30),
    "SLOTS": environment.whole("SAYR_SLOTS", 16),
    "GRACE_SECONDS": environment.whole("SAYR_GRACE_SECONDS", 30),
    "APPROVAL_LINK_DAYS": environment.whole("SAYR_APPROVAL_LINK_DAYS", 30),
    "PUBLIC_URL": environment.text("SAYR_PUBLIC_URL", "http://127.0.0.1:8000"),
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "config.logs.line_formatter"},
        "json": {"()": "config.logs.json_formatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json" if PRODUCTION else "line"}
    },
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django-q": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
    },
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
